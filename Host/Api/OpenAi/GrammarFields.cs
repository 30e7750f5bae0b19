using Tessera.Engine.Grammars;

namespace Tessera.Host.Api.OpenAi;

/// <summary>The fields that say what an answer has to follow: a grammar by llama.cpp's name or vLLM's, or OpenAI's response format.</summary>
internal static class GrammarFields
{
    private const string Format = "response_format";

    /// <summary>Reads them; null: the answer is free.</summary>
    public static Grammar? Read(in FieldReader fields)
    {
        Grammar? found = null;
        string? from = null;
        foreach (string field in (ReadOnlySpan<string>)["grammar", "guided_grammar", Format])
        {
            if ((field == Format ? ReadFormat(fields) : ReadText(fields, field)) is not { } grammar)
                continue;
            if (from is not null)
                throw ApiException.Invalid(fields.Name(field), $"one of '{from}' and '{field}'", "both");
            (found, from) = (grammar, field);
        }
        return found;
    }

    private static Grammar? ReadText(in FieldReader fields, string field)
    {
        // llama.cpp's clients send an empty text for none.
        if (fields.String(field) is not { Length: > 0 } text)
            return null;
        try
        {
            return Grammar.Parse(text);
        }
        catch (GrammarException e)
        {
            throw new ApiException(400, $"'{fields.Name(field)}': {e.Message}", fields.Name(field), "invalid_grammar");
        }
    }

    private static Grammar? ReadFormat(in FieldReader fields)
    {
        if (fields.Get(Format) is not { } value)
            return null;
        FieldReader format = new(value, Format);
        switch (format.String("type"))
        {
            case "text" or null:
                return null;
            case "json_object":
                // llama.cpp takes a schema here, too.
                return format.Get("schema") is null ? Grammar.Json : throw ApiException.Unsupported(format.Name("schema"), "structured output by a schema");
            default:
                throw ApiException.Unsupported(format.Name("type"), "structured output other than 'json_object'");
        }
    }
}
