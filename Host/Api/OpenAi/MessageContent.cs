using System.Text.Json;

namespace Tessera.Host.Api.OpenAi;

/// <summary>Reads a content: a text, or an array of parts whose texts are joined.</summary>
internal static class MessageContent
{
    public static string Text(JsonElement content, string path)
    {
        if (content.ValueKind == JsonValueKind.String)
            return content.GetString()!;
        if (content.ValueKind != JsonValueKind.Array)
            throw ApiException.Invalid(path, "a text or an array of parts", FieldReader.Describe(content));
        List<string> texts = [];
        foreach (JsonElement part in content.EnumerateArray())
        {
            FieldReader fields = new(part, $"{path}[{texts.Count}]");
            string type = fields.String("type") ?? throw ApiException.Invalid(fields.Name("type"), "'text'", "nothing");
            if (type is not ("text" or "input_text" or "output_text" or "refusal"))
                throw ApiException.Unsupported(fields.Name("type"), $"content of type '{type}'");
            string field = type == "refusal" ? "refusal" : "text";
            texts.Add(fields.String(field) ?? throw ApiException.Invalid(fields.Name(field), "a text", "nothing"));
        }
        return string.Concat(texts);
    }
}
