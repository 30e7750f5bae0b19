using System.Text.Json;
using Tessera.Engine.Generation;

namespace Tessera.Host.Api.OpenAi;

/// <summary>Reads a body of <c>/v1/completions</c>.</summary>
internal static class TextCompletionRequest
{
    private const int DefaultMaxTokens = 16;
    private const int MaxPrompts = 128;

    public static CompletionJob Read(JsonElement body, ApiModel model)
    {
        FieldReader fields = new(body);
        if (fields.Boolean("echo") == true)
            throw ApiException.Unsupported("echo", "echoing the prompt");
        if (fields.Integer("best_of", 1, 128) is > 1)
            throw ApiException.Unsupported("best_of", "choosing among several completions");
        int top = (int)(fields.Integer("logprobs", 0, 20) ?? -1);
        GenerationRequest request = CompletionFields.Read(fields, model, CompletionFields.MaxTokens(fields) ?? DefaultMaxTokens, top);
        (bool stream, bool usage) = CompletionFields.Streaming(fields);
        List<int[]> prompts = Prompts(fields, model);
        if (prompts.Count * request.Choices > MaxPrompts)
            throw ApiException.Invalid("n", $"at most {MaxPrompts} continuations of all prompts together", $"{prompts.Count} prompts and n = {request.Choices}");
        return new CompletionJob
        {
            Model = model.Name,
            Requests = [.. prompts.Select(p => request with { Prompt = p })],
            Stream = stream,
            IncludeUsage = usage,
            LogProbabilities = top >= 0,
            ReturnTokenIds = fields.Boolean("return_token_ids") ?? false,
        };
    }

    /// <summary>A text, several texts, the ids of one prompt, or those of several.</summary>
    private static List<int[]> Prompts(in FieldReader fields, ApiModel model)
    {
        const string Field = "prompt";
        JsonElement prompt = fields.Get(Field) ?? throw ApiException.Invalid(Field, "a text, a list of texts, token ids or lists of them", "nothing");
        if (prompt.ValueKind == JsonValueKind.String)
            return [model.EncodeText(prompt.GetString()!, Field)];
        if (prompt.ValueKind != JsonValueKind.Array || prompt.GetArrayLength() == 0)
            throw ApiException.Invalid(Field, "a text, a list of texts, token ids or lists of them", FieldReader.Describe(prompt));
        if (prompt[0].ValueKind == JsonValueKind.Number)
            return [Ids(prompt, Field)];
        if (prompt.GetArrayLength() > MaxPrompts)
            throw ApiException.Invalid(Field, $"at most {MaxPrompts} prompts", $"{prompt.GetArrayLength()}");
        List<int[]> prompts = [];
        foreach (JsonElement item in prompt.EnumerateArray())
        {
            string name = $"{Field}[{prompts.Count}]";
            prompts.Add(item.ValueKind switch
            {
                JsonValueKind.String => model.EncodeText(item.GetString()!, name),
                JsonValueKind.Array => Ids(item, name),
                _ => throw ApiException.Invalid(name, "a text or token ids", FieldReader.Describe(item)),
            });
        }
        return prompts;

        int[] Ids(JsonElement ids, string name) => model.CheckPrompt(TokenIds.Read(ids, name, model.VocabularySize), name);
    }
}
