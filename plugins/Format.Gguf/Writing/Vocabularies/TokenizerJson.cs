using System.Text.Json;

namespace Tessera.Format.Gguf.Writing.Vocabularies;

/// <summary>A part of a tokenizer's JSON file, with the errors that name it.</summary>
/// <param name="Where">The file and the path in it.</param>
/// <param name="Value">The part.</param>
internal readonly record struct TokenizerJson(string Where, JsonElement Value)
{
    /// <summary>Parses a file.</summary>
    /// <exception cref="ModelFormatException">It is no JSON object.</exception>
    public static TokenizerJson Parse(string name, byte[] file)
    {
        try
        {
            ReadOnlySpan<byte> text = file;
            if (text.StartsWith("\uFEFF"u8))
                text = text[3..];
            Utf8JsonReader reader = new(text);
            TokenizerJson root = new(name, JsonElement.ParseValue(ref reader));
            return root.Value.ValueKind == JsonValueKind.Object ? root : throw root.Bad("an object");
        }
        catch (JsonException e)
        {
            throw new ModelFormatException($"gguf: {name}: {e.Message}");
        }
    }

    /// <summary>A member; null where it is absent or null.</summary>
    public TokenizerJson? Find(string key) =>
        Value.ValueKind == JsonValueKind.Object && Value.TryGetProperty(key, out JsonElement member) && member.ValueKind != JsonValueKind.Null ? new($"{Where}: {key}", member) : null;

    /// <summary>A member that must be there.</summary>
    public TokenizerJson Get(string key) => Find(key) ?? throw new ModelFormatException($"gguf: {Where}: {key}: expected a value, found nothing");

    /// <summary>A text that must be there.</summary>
    public string Text(string key) => Get(key).Text();

    /// <summary>The text of this part.</summary>
    public string Text() => Value.ValueKind == JsonValueKind.String ? Value.GetString()! : throw Bad("a string");

    /// <summary>A bool, or what stands for it where it is absent.</summary>
    public bool Flag(string key, bool absent) => Find(key) is not { } flag ? absent
        : flag.Value.ValueKind is JsonValueKind.True or JsonValueKind.False ? flag.Value.GetBoolean() : throw flag.Bad("true or false");

    /// <summary>The whole number of this part, at least 0.</summary>
    public int Number(int most) =>
        Value.ValueKind == JsonValueKind.Number && Value.TryGetInt32(out int number) && number >= 0 && number <= most ? number : throw Bad($"a whole number from 0 to {most}");

    /// <summary>The number of this part.</summary>
    public float Real() => Value.ValueKind == JsonValueKind.Number && Value.TryGetSingle(out float value) && float.IsFinite(value) ? value : throw Bad("a number");

    /// <summary>The bytes of this text.</summary>
    public byte[] Base64() => Value.ValueKind == JsonValueKind.String && Value.TryGetBytesFromBase64(out byte[]? bytes) ? bytes : throw Bad("a string in base 64");

    /// <summary>Names and members of this object.</summary>
    public IEnumerable<(string Name, TokenizerJson Value)> Members()
    {
        if (Value.ValueKind != JsonValueKind.Object)
            throw Bad("an object");
        string where = Where;
        return Value.EnumerateObject().Select(p => (p.Name, new TokenizerJson($"{where}: {p.Name}", p.Value)));
    }

    /// <summary>The members of this array.</summary>
    public IEnumerable<TokenizerJson> Items()
    {
        if (Value.ValueKind != JsonValueKind.Array)
            throw Bad("an array");
        string where = Where;
        return Value.EnumerateArray().Select((v, i) => new TokenizerJson($"{where}[{i}]", v));
    }

    /// <summary>The parts of a sequence, or this part alone.</summary>
    /// <param name="key">The member of a <c>Sequence</c> that holds them.</param>
    public IEnumerable<TokenizerJson> Steps(string key) => Text("type") == "Sequence" ? Get(key).Items().SelectMany(i => i.Steps(key)) : [this];

    /// <summary>The error for a value that cannot be meant.</summary>
    public ModelFormatException Bad(string expected) => new($"gguf: {Where}: expected {expected}, found {Shown()}");

    /// <summary>The error for what GGUF cannot say.</summary>
    public UnsupportedModelException Unsaid(string what) => new($"gguf: {Where}: {what} cannot be written: GGUF has no way to say it");

    private string Shown()
    {
        string raw = Value.GetRawText();
        return raw.Length <= 80 ? raw : raw[..80] + "…";
    }
}
