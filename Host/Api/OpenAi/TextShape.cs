namespace Tessera.Host.Api.OpenAi;

/// <summary>The JSON of text completions.</summary>
internal sealed class TextShape(long created, string fingerprint) : IAnswerShape
{
    private readonly string _id = $"cmpl-{Guid.NewGuid():N}";

    public Task WriteAsync(HttpContext http, CompletionJob job, IReadOnlyList<ChoiceResult> choices, Usage usage)
    {
        TextCompletion body = Body(job, [.. choices.Select(c => Choice(job, c.Reader, c.Text, c.Tokens, 0) with
        {
            PromptTokenIds = job.ReturnTokenIds ? c.Reader.Request.Prompt : null,
        })], usage);
        return http.Response.WriteAsJsonAsync(body, ApiJson.Readable.TextCompletion, cancellationToken: http.RequestAborted);
    }

    public Task WriteOpeningAsync(EventStream events, CompletionJob job, ChoiceReader choice) => job.ReturnTokenIds
        ? Write(events, Body(job, [new TextChoice(choice.Index, "") { PromptTokenIds = choice.Request.Prompt }], null))
        : Task.CompletedTask;

    public Task WriteDeltaAsync(EventStream events, CompletionJob job, ChoiceReader choice, int textBefore) =>
        Write(events, Body(job, [Choice(job, choice, choice.Text, choice.Tokens, textBefore)], null));

    public EventTemplate TextDelta(CompletionJob job, int index) => EventTemplate.Of(text => Body(job, [new TextChoice(index, text)], null), ApiJson.Readable.TextCompletion);

    public Task WriteUsageAsync(EventStream events, CompletionJob job, Usage usage) => Write(events, Body(job, [], usage));

    private static TextChoice Choice(CompletionJob job, ChoiceReader choice, string text, IReadOnlyList<TokenReport> tokens, int textBefore) => new(choice.Index, text)
    {
        Logprobs = job.LogProbabilities ? LogProbabilityWriter.Text(tokens, choice.Tokenizer, textBefore) : null,
        FinishReason = choice.FinishReason,
        TokenIds = job.ReturnTokenIds ? [.. tokens.Select(t => t.Id)] : null,
    };

    private TextCompletion Body(CompletionJob job, IReadOnlyList<TextChoice> choices, Usage? usage) =>
        new(_id, "text_completion", created, job.Model, choices, fingerprint) { Usage = usage };

    private static Task Write(EventStream events, TextCompletion body) => events.WriteAsync(body, ApiJson.Readable.TextCompletion);
}
