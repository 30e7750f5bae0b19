using System.Text;
using Tessera.Tokenizers.Common.Patterns;

namespace Tessera.Tokenizer.Hf.Files;

/// <summary>Reads <c>{"String": "…"}</c> and <c>{"Regex": "…"}</c>.</summary>
internal static class PatternReader
{
    /// <summary>The text or the pattern; one of both is not null.</summary>
    public static (string? Text, string? Regex) Read(JsonPart part)
    {
        string? text = part.Find("String")?.Text();
        string? regex = part.Find("Regex")?.Text();
        return text is null != regex is null ? (text, regex) : throw new ModelFormatException($"{part.Where}: expected one of 'String' and 'Regex'");
    }

    /// <summary>A pattern that matches a text as it stands; the empty text matches between all characters.</summary>
    public static TextPattern Literal(string text, string where)
    {
        StringBuilder pattern = new();
        foreach (char c in text)
            pattern.Append(char.IsAscii(c) && !char.IsAsciiLetterOrDigit(c) ? $"\\x{(int)c:X2}" : c.ToString());
        return TextPattern.Parse(pattern.ToString(), where);
    }
}
