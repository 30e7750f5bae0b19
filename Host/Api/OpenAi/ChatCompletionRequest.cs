using System.Text.Json;
using System.Text.Json.Nodes;
using Tessera.Engine.Generation;

namespace Tessera.Host.Api.OpenAi;

/// <summary>Reads a body of <c>/v1/chat/completions</c>.</summary>
internal static class ChatCompletionRequest
{
    private const int MaxMessages = 4096;

    private static readonly string[] Roles = ["system", "developer", "user", "assistant", "tool", "function"];

    public static CompletionJob Read(JsonElement body, ApiModel model, DateTime now)
    {
        FieldReader fields = new(body);
        RefuseWhatIsNotThere(fields);
        bool logProbabilities = fields.Boolean("logprobs") ?? false;
        long? top = fields.Integer("top_logprobs", 0, 20);
        if (top is not null && !logProbabilities)
            throw ApiException.Invalid("top_logprobs", "only together with 'logprobs': true");
        GenerationRequest request = CompletionFields.Read(fields, model, CompletionFields.MaxTokens(fields), logProbabilities ? (int)(top ?? 0) : -1);
        (bool stream, bool usage) = CompletionFields.Streaming(fields);
        JsonArray messages = Messages(fields);
        JsonObject? variables = Variables(fields);
        return new CompletionJob
        {
            Model = model.Name,
            Requests = [request with { Prompt = model.EncodeChat(messages, variables, fields.Boolean("add_generation_prompt") ?? true, now) }],
            Stream = stream,
            IncludeUsage = usage,
            LogProbabilities = logProbabilities,
            ReturnTokenIds = fields.Boolean("return_token_ids") ?? false,
        };
    }

    private static void RefuseWhatIsNotThere(in FieldReader fields)
    {
        if (fields.Get("tools") is { } tools && !(tools.ValueKind == JsonValueKind.Array && tools.GetArrayLength() == 0) && !IsNone(fields.Get("tool_choice")))
            throw ApiException.Unsupported("tools", "calling tools (send \"tool_choice\": \"none\" to have them ignored)");
        if (fields.Strings("modalities", 8).Any(m => m != "text"))
            throw ApiException.Unsupported("modalities", "anything but text");

        static bool IsNone(JsonElement? choice) => choice is { ValueKind: JsonValueKind.String } c && c.ValueEquals("none");
    }

    private static JsonArray Messages(in FieldReader fields)
    {
        const string Field = "messages";
        JsonElement messages = fields.Get(Field) ?? throw ApiException.Invalid(Field, "an array of messages", "nothing");
        if (messages.ValueKind != JsonValueKind.Array || messages.GetArrayLength() is 0 or > MaxMessages)
            throw ApiException.Invalid(Field, $"1 to {MaxMessages} messages", FieldReader.Describe(messages));
        JsonArray result = [];
        foreach (JsonElement message in messages.EnumerateArray())
            result.Add(Message(message, $"{Field}[{result.Count}]"));
        return result;
    }

    /// <summary>A message as templates expect it: all of its fields, the content's text parts joined where there are only such.</summary>
    private static JsonObject Message(JsonElement message, string path)
    {
        FieldReader fields = new(message, path);
        string role = fields.String("role") ?? throw ApiException.Invalid($"{path}.role", string.Join(", ", Roles), "nothing");
        if (!Roles.Contains(role, StringComparer.Ordinal))
            throw ApiException.Invalid($"{path}.role", string.Join(", ", Roles), $"'{role}'");
        JsonObject result = [];
        foreach (JsonProperty field in message.EnumerateObject())
            if (field.Name is not ("role" or "content"))
                result[field.Name] = JsonNode.Parse(field.Value.GetRawText());
        result["role"] = role == "developer" ? "system" : role;
        JsonElement? content = fields.Get("content");
        if (content is null && role != "assistant")
            throw ApiException.Invalid($"{path}.content", "a text or an array of parts", "nothing");
        result["content"] = content is { } value ? MessageContent.Text(value, $"{path}.content") : null;
        return result;
    }

    private static JsonObject? Variables(in FieldReader fields)
    {
        const string Field = "chat_template_kwargs";
        if (fields.Get(Field) is not { } value)
            return null;
        return value.ValueKind == JsonValueKind.Object
            ? (JsonObject)JsonNode.Parse(value.GetRawText())!
            : throw ApiException.Invalid(Field, "an object", FieldReader.Describe(value));
    }
}
