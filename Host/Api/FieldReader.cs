using System.Text.Json;

namespace Tessera.Host.Api;

/// <summary>Reads the fields of a JSON object; each wrong one ends the request with its name, what was expected and what was found. A null counts as absent.</summary>
internal readonly struct FieldReader
{
    private readonly JsonElement _object;
    private readonly string _path;

    public FieldReader(JsonElement element, string path = "")
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw ApiException.Invalid(path.Length == 0 ? "body" : path, "a JSON object", Describe(element));
        _object = element;
        _path = path.Length == 0 ? "" : path + ".";
    }

    /// <summary>The field's full name for messages.</summary>
    public string Name(string field) => _path + field;

    /// <summary>The field, or null where it is absent or null.</summary>
    public JsonElement? Get(string field) =>
        _object.TryGetProperty(field, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public string? String(string field)
    {
        if (Get(field) is not { } value)
            return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw ApiException.Invalid(Name(field), "a string", Describe(value));
    }

    public bool? Boolean(string field)
    {
        if (Get(field) is not { } value)
            return null;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : throw ApiException.Invalid(Name(field), "true or false", Describe(value));
    }

    public long? Integer(string field, long least, long most)
    {
        if (Get(field) is not { } value)
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= least && number <= most
            ? number
            : throw ApiException.Invalid(Name(field), $"an integer from {least} to {most}", Describe(value));
    }

    public float? Number(string field, double least, double most)
    {
        if (Get(field) is not { } value)
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number >= least && number <= most
            ? (float)number
            : throw ApiException.Invalid(Name(field), $"a number from {least} to {most}", Describe(value));
    }

    /// <summary>An array of strings, or one string.</summary>
    public IReadOnlyList<string> Strings(string field, int most)
    {
        if (Get(field) is not { } value)
            return [];
        if (value.ValueKind == JsonValueKind.String)
            return [value.GetString()!];
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > most)
            throw ApiException.Invalid(Name(field), $"a string or at most {most} strings", Describe(value));
        List<string> strings = [];
        foreach (JsonElement item in value.EnumerateArray())
            strings.Add(item.ValueKind == JsonValueKind.String ? item.GetString()! : throw ApiException.Invalid($"{Name(field)}[{strings.Count}]", "a string", Describe(item)));
        return strings;
    }

    /// <summary>A value in few words, for messages.</summary>
    public static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => $"an array of {value.GetArrayLength()}",
        JsonValueKind.String => value.GetString() is { Length: <= 40 } text ? $"'{text}'" : "a long string",
        JsonValueKind.Number => value.GetRawText() is { Length: <= 40 } digits ? digits : "a long number",
        JsonValueKind.Null => "null",
        _ => value.GetRawText(),
    };
}
