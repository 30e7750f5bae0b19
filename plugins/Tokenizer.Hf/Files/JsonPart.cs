using System.Text;
using System.Text.Json;

namespace Tessera.Tokenizer.Hf.Files;

/// <summary>A value of a JSON file that knows where it stands, for error texts.</summary>
/// <param name="element">The value.</param>
/// <param name="file">The file's name.</param>
/// <param name="path">Where the value stands, or the array that it is in.</param>
/// <param name="index">Its index in that array, or −1. Arrays may have hundreds of thousands of values, so their paths are put together when they are asked for.</param>
internal readonly struct JsonPart(JsonElement element, string file, string path, int index = -1)
{
    /// <summary>The file and the path in it.</summary>
    public string Where => Path.Length == 0 ? file : $"{file}: {Path}";

    private string Path => index < 0 ? path : $"{path}[{index}]";

    public JsonValueKind Kind => element.ValueKind;

    /// <summary>A value of this object; null where it is absent or JSON's null.</summary>
    public JsonPart? Find(string name)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw Bad("an object");
        return element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? new JsonPart(value, file, Path.Length == 0 ? name : $"{Path}.{name}")
            : null;
    }

    public JsonPart Get(string name) => Find(name) ?? throw new ModelFormatException($"{Where}: '{name}' is missing");

    public string Text(string name) => Get(name).Text();

    public bool Flag(string name, bool otherwise) => Find(name)?.Flag() ?? otherwise;

    public string Text() => Text(element);

    private string Text(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String)
            throw Bad("a string");
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new ModelFormatException($"{Where}: the string is not well-formed Unicode");
        }
    }

    public bool Flag() => element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Bad("true or false"),
    };

    /// <summary>A whole number from 0.</summary>
    public int Number(int most)
    {
        if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt64(out long value) || value < 0)
            throw Bad("a whole number from 0");
        return value <= most ? (int)value : throw new ModelFormatException($"{Where}: {value} is more than the {most} that are supported");
    }

    public double Real() => element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out double value) && double.IsFinite(value)
        ? value
        : throw Bad("a number");

    /// <summary>A string of exactly one code point.</summary>
    public Rune Character()
    {
        string text = Text();
        return Rune.DecodeFromUtf16(text, out Rune rune, out int used) == System.Buffers.OperationStatus.Done && used == text.Length
            ? rune
            : throw Bad($"one character instead of '{text}'");
    }

    public int Count => element.ValueKind switch
    {
        JsonValueKind.Array => element.GetArrayLength(),
        JsonValueKind.Object => element.GetPropertyCount(),
        _ => throw Bad("an array or object"),
    };

    public IEnumerable<JsonPart> Items()
    {
        if (element.ValueKind != JsonValueKind.Array)
            throw Bad("an array");
        int at = 0;
        string where = Path;
        foreach (JsonElement item in element.EnumerateArray())
            yield return new JsonPart(item, file, where, at++);
    }

    /// <summary>An array of exactly two strings.</summary>
    public (string, string) Pair() => element.ValueKind == JsonValueKind.Array && element.GetArrayLength() == 2
        ? (Text(element[0]), Text(element[1]))
        : throw Bad("two strings");

    /// <summary>Names and values of this object. Values do not know their names: an object may have hundreds of thousands.</summary>
    public IEnumerable<(string Name, JsonPart Value)> Properties()
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw Bad("an object");
        foreach (JsonProperty property in element.EnumerateObject())
        {
            string name;
            try
            {
                name = property.Name;
            }
            catch (InvalidOperationException)
            {
                throw new ModelFormatException($"{Where}: a name is not well-formed Unicode");
            }
            yield return (name, new JsonPart(property.Value, file, path, index));
        }
    }

    /// <summary>The error of a value that is not what it should be.</summary>
    public ModelFormatException Bad(string expected) =>
        new($"{Where}: expected {expected}, found {(element.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? element.ValueKind.ToString() : Shown())}");

    /// <summary>The error of a part whose type is not known.</summary>
    public UnsupportedModelException Unknown(string what, string type) => new($"{Where}: the {what} '{type}' is not known");

    private string Shown()
    {
        string raw = element.GetRawText();
        return raw.Length <= 80 ? raw : raw[..80] + "…";
    }
}
