using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Tessera.Format.Safetensors;

/// <summary>A JSON object with typed getters. A value that is absent or null is null; one of a wrong type or out of range is an error that names file, key, what was expected and what was found.</summary>
internal sealed class JsonSection
{
    // The largest weight maps have some hundred thousand entries.
    private const int MostBytes = 256 << 20;
    private const int MostShown = 60, MostShownBytes = 4096;

    private readonly JsonElement _element;

    private JsonSection(string path, JsonElement element) => (Path, _element) = (path, element);

    /// <summary>Where it stands, such as <c>config.json: rope_scaling</c>.</summary>
    public string Path { get; }

    /// <summary>The keys, in the file's order.</summary>
    public IEnumerable<string> Keys => _element.EnumerateObject().Select(p => p.Name);

    /// <summary>Reads a file that is one object.</summary>
    /// <exception cref="ModelFormatException">It is not.</exception>
    public static JsonSection Parse(IModelFile file) => Object(file.Name, Root(file));

    /// <summary>Reads a text that is one object.</summary>
    /// <param name="name">Where it stands, for messages.</param>
    /// <param name="bytes">UTF-8.</param>
    /// <exception cref="ModelFormatException">It is not.</exception>
    public static JsonSection Parse(string name, ReadOnlySpan<byte> bytes) => Object(name, Root(name, bytes));

    /// <summary>Reads a file that is an array of objects.</summary>
    /// <exception cref="ModelFormatException">It is not.</exception>
    public static IReadOnlyList<JsonSection> ParseList(IModelFile file)
    {
        JsonElement root = Root(file);
        if (root.ValueKind != JsonValueKind.Array)
            throw Errors.File(file.Name, $"expected an array, found {Kind(root)}");
        return [.. root.EnumerateArray().Select((value, i) => value.ValueKind == JsonValueKind.Object
            ? new JsonSection($"{file.Name}: [{i}]", value)
            : throw Errors.File(file.Name, $"expected objects, found {Kind(value)} at index {i}"))];
    }

    private static JsonSection Object(string name, JsonElement root) => root.ValueKind == JsonValueKind.Object
        ? new JsonSection(name, root)
        : throw Errors.File(name, $"expected an object, found {Kind(root)}");

    private static unsafe JsonElement Root(IModelFile file) => file.Length > MostBytes
        ? throw Errors.File(file.Name, $"expected at most {MostBytes} bytes of JSON, found {file.Length}")
        : Root(file.Name, new ReadOnlySpan<byte>(file.Data, (int)file.Length));

    private static JsonElement Root(string name, ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith(Encoding.UTF8.Preamble))
            bytes = bytes[Encoding.UTF8.Preamble.Length..];
        try
        {
            return JsonElement.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (JsonException e)
        {
            throw Errors.File(name, $"not valid JSON: {e.Message}");
        }
    }

    /// <summary>Whether a key has a value other than null.</summary>
    public bool Has(string key) => Raw(key) is not null;

    /// <summary>Whether a key is there, even with null.</summary>
    public bool Names(string key) => _element.TryGetProperty(key, out _);

    /// <summary>A value of any kind but null.</summary>
    public JsonElement? Raw(string key) =>
        _element.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>A string.</summary>
    public string? Text(string key) => Raw(key) is not { } value ? null : value.ValueKind == JsonValueKind.String ? String(value, key) : throw Bad(key, "a string", Found(value));

    /// <summary>A bool.</summary>
    public bool? Flag(string key) => Raw(key) is not { } value
        ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Bad(key, "true or false", Found(value));

    /// <summary>A whole number in a range.</summary>
    public int? Integer(string key, int least = 0, int most = int.MaxValue)
    {
        if (Raw(key) is not { } value)
            return null;
        return Whole(value) is { } number && number >= least && number <= most
            ? (int)number
            : throw Bad(key, $"a whole number from {least} to {most}", Found(value));
    }

    /// <summary>A finite number.</summary>
    public double? Number(string key)
    {
        if (Raw(key) is not { } value)
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number)
            ? number
            : throw Bad(key, "a number", Found(value));
    }

    /// <summary>An object.</summary>
    public JsonSection? Section(string key) => Raw(key) is not { } value
        ? null
        : value.ValueKind == JsonValueKind.Object ? new JsonSection(Full(key), value) : throw Bad(key, "an object", Found(value));

    /// <summary>An array.</summary>
    public IReadOnlyList<JsonElement>? List(string key) => Raw(key) is not { } value
        ? null
        : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : throw Bad(key, "an array", Found(value));

    /// <summary>An array of strings.</summary>
    public IReadOnlyList<string>? Texts(string key) =>
        List(key)?.Select(v => v.ValueKind == JsonValueKind.String ? String(v, key) : throw Bad(key, "an array of strings", Found(v))).ToArray();

    /// <summary>An array of finite numbers.</summary>
    public double[]? Numbers(string key) =>
        List(key)?.Select(v => v.ValueKind == JsonValueKind.Number && v.TryGetDouble(out double number) && double.IsFinite(number) ? number : throw Bad(key, "an array of numbers", Found(v))).ToArray();

    /// <summary>The error for a value.</summary>
    public ModelFormatException Bad(string key, string expected, string found) => new($"safetensors: {Full(key)}: expected {expected}, found {found}");

    /// <summary>A value as short text, for people.</summary>
    public static string Shown(JsonElement value)
    {
        // Only the beginning of a long one is looked at.
        ReadOnlySpan<byte> raw = JsonMarshal.GetRawUtf8Value(value);
        bool isCut = raw.Length > MostShownBytes;
        string text = Encoding.UTF8.GetString(isCut ? raw[..MostShownBytes] : raw);
        if (value.ValueKind == JsonValueKind.String)
            text = text[1..(isCut ? ^0 : ^1)];
        text = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        int length = Math.Min(text.Length, 4 * MostShown);
        // Half a character is none.
        if (length < text.Length && char.IsHighSurrogate(text[length - 1]))
            length--;
        return length < text.Length || isCut ? $"{text.AsSpan(0, length)}…" : text;
    }

    /// <summary>A value as an error tells it: a string with its quotes, a short list as it stands.</summary>
    public static string Told(JsonElement value) => value.ValueKind == JsonValueKind.String ? Found(value) : Shown(value);

    private string Full(string key) => Path.Contains(": ", StringComparison.Ordinal) ? $"{Path}.{Errors.Readable(key)}" : $"{Path}: {Errors.Readable(key)}";

    /// <summary>The text of a string that is below a key. Escapes of lone surrogates are valid JSON and no text.</summary>
    internal string String(JsonElement value, string key)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Bad(key, "text", "an escape of half a character");
        }
    }

    private static long? Whole(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Number)
            return null;
        if (value.TryGetInt64(out long number))
            return number;
        return value.TryGetDouble(out double real) && Math.Floor(real) == real && Math.Abs(real) < 1L << 53 ? (long)real : null;
    }

    private static string Found(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => $"the string {Short(value)}",
        JsonValueKind.Object or JsonValueKind.Array => Kind(value),
        _ => Short(value),
    };

    private static string Short(JsonElement value)
    {
        ReadOnlySpan<byte> raw = JsonMarshal.GetRawUtf8Value(value);
        string text = Encoding.UTF8.GetString(raw[..Math.Min(raw.Length, MostShownBytes)]);
        return text.Length > MostShown ? text[..MostShown] + "…" : text;
    }

    private static string Kind(JsonElement value) => string.Create(CultureInfo.InvariantCulture, $"{(value.ValueKind is JsonValueKind.Array or JsonValueKind.Object ? "an" : "a")} {value.ValueKind.ToString().ToLowerInvariant()}");
}
