namespace Tessera.Host.Api.OpenAi;

/// <summary>The JSON of chat completions.</summary>
internal sealed class ChatShape(long created, string fingerprint) : IAnswerShape
{
    private readonly string _id = $"chatcmpl-{Guid.NewGuid():N}";

    public Task WriteAsync(HttpContext http, CompletionJob job, IReadOnlyList<ChoiceResult> choices, Usage usage)
    {
        ChatCompletion body = new(_id, "chat.completion", created, job.Model,
            [.. choices.Select(c => new ChatChoice(c.Reader.Index, new ChatMessage("assistant", c.Text), c.Reader.FinishReason)
            {
                Logprobs = job.LogProbabilities ? LogProbabilityWriter.Chat(c.Tokens, c.Reader.Tokenizer) : null,
                TokenIds = job.ReturnTokenIds ? [.. c.Tokens.Select(t => t.Id)] : null,
            })], usage, fingerprint)
        {
            PromptTokenIds = job.ReturnTokenIds ? job.Requests[0].Prompt : null,
        };
        return http.Response.WriteAsJsonAsync(body, ApiJson.Readable.ChatCompletion, cancellationToken: http.RequestAborted);
    }

    public Task WriteOpeningAsync(EventStream events, CompletionJob job, ChoiceReader choice) =>
        Write(events, job, [new ChatChunkChoice(choice.Index, new ChatDelta { Role = "assistant", Content = "" })], null, job.ReturnTokenIds ? choice.Request.Prompt : null);

    public Task WriteDeltaAsync(EventStream events, CompletionJob job, ChoiceReader choice, int textBefore) =>
        Write(events, job, [new ChatChunkChoice(choice.Index, new ChatDelta { Content = choice.Text.Length > 0 ? choice.Text : null })
        {
            Logprobs = job.LogProbabilities ? LogProbabilityWriter.Chat(choice.Tokens, choice.Tokenizer) : null,
            FinishReason = choice.FinishReason,
            TokenIds = job.ReturnTokenIds ? [.. choice.Tokens.Select(t => t.Id)] : null,
        }], null, null);

    public EventTemplate TextDelta(CompletionJob job, int index) => EventTemplate.Of(text => Chunk(job, [new ChatChunkChoice(index, new ChatDelta { Content = text })], null, null), ApiJson.Readable.ChatChunk);

    public Task WriteUsageAsync(EventStream events, CompletionJob job, Usage usage) => Write(events, job, [], usage, null);

    private ChatChunk Chunk(CompletionJob job, IReadOnlyList<ChatChunkChoice> choices, Usage? usage, int[]? prompt) =>
        new(_id, "chat.completion.chunk", created, job.Model, choices, fingerprint) { Usage = usage, PromptTokenIds = prompt };

    private Task Write(EventStream events, CompletionJob job, IReadOnlyList<ChatChunkChoice> choices, Usage? usage, int[]? prompt) =>
        events.WriteAsync(Chunk(job, choices, usage, prompt), ApiJson.Readable.ChatChunk);
}
