using System.Globalization;
using System.Text;

namespace Tessera.Format.Gguf;

/// <summary>Metadata values as text for people: control characters escaped, long values shortened.</summary>
internal static class GgufText
{
    private const int MaxCharacters = 256;
    private const int MaxElements = 8;
    private const int MaxElementCharacters = 64;

    /// <summary>Every key with its value.</summary>
    public static IReadOnlyDictionary<string, string> Properties(GgufKeys keys)
    {
        OrderedDictionary<string, string> properties = new(keys.Entries.Count, StringComparer.Ordinal);
        foreach ((string key, GgufEntry entry) in keys.Entries)
            properties.Add(key, Value(keys, entry));
        return properties;
    }

    /// <summary>One value.</summary>
    public static string Value(GgufKeys keys, GgufEntry entry)
    {
        if (!entry.IsArray)
            return entry.Type == GgufValueType.String ? Shorten(keys.Utf8(entry), MaxCharacters) : Scalar(keys, entry, 0);
        StringBuilder text = new("[");
        GgufReader strings = keys.Strings(entry);
        for (int i = 0; i < Math.Min(entry.Count, MaxElements); i++)
        {
            text.Append(i == 0 ? "" : ", ");
            if (entry.Type == GgufValueType.String)
                text.Append('"').Append(Shorten(strings.Text(GgufConstants.MaxStringBytes, "string"), MaxElementCharacters)).Append('"');
            else
                text.Append(Scalar(keys, entry, i));
        }
        return text.Append(entry.Count > MaxElements ? $", …] ({entry.Count} values)" : "]").ToString();
    }

    private static string Scalar(GgufKeys keys, GgufEntry entry, int index) => entry.Type switch
    {
        GgufValueType.Bool => keys.Integer(entry, index) == 0 ? "false" : "true",
        GgufValueType.F32 => ((float)keys.Number(entry, index)).ToString(CultureInfo.InvariantCulture),
        GgufValueType.F64 => keys.Number(entry, index).ToString(CultureInfo.InvariantCulture),
        _ => keys.Integer(entry, index).ToString(CultureInfo.InvariantCulture),
    };

    private static string Shorten(ReadOnlySpan<byte> utf8, int most)
    {
        // A character takes at most 4 bytes, so this many hold at least `most` of them.
        string text = Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, most * 4)]);
        bool isShortened = text.Length > most || utf8.Length > most * 4;
        if (text.Length > most)
            text = text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];
        StringBuilder escaped = new(text.Length);
        foreach (char c in text)
            _ = c switch
            {
                '\n' => escaped.Append("\\n"),
                '\r' => escaped.Append("\\r"),
                '\t' => escaped.Append("\\t"),
                _ when char.IsControl(c) => escaped.Append($"\\u{(int)c:x4}"),
                _ => escaped.Append(c),
            };
        return isShortened ? $"{escaped}… ({utf8.Length} bytes)" : escaped.ToString();
    }
}
