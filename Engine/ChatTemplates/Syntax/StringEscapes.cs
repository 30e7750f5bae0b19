using System.Globalization;
using System.Text;

namespace Tessera.Engine.ChatTemplates.Syntax;

/// <summary>Python's escapes in string literals.</summary>
internal static class StringEscapes
{
    public static string Decode(ReadOnlySpan<char> text, int line)
    {
        if (!text.Contains('\\'))
            return text.ToString();
        StringBuilder result = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 1 >= text.Length)
            {
                result.Append(text[i]);
                continue;
            }

            char c = text[++i];
            if ("nrtabfv\\'\"".IndexOf(c) is int simple and >= 0)
                result.Append("\n\r\t\a\b\f\v\\'\""[simple]);
            else if (c is 'x' or 'u' or 'U')
                i += Hex(text[i..], c == 'x' ? 2 : c == 'u' ? 4 : 8, result, line);
            else if (c is >= '0' and <= '7')
                i += Octal(text[i..], result) - 1;
            else if (c == 'N')
                SyntaxError.Throw(line, "a string has '\\N{…}': names of characters are not supported, use \\u or \\U");
            else if (c != '\n')
                result.Append('\\').Append(c);
        }

        return result.ToString();
    }

    private static int Hex(ReadOnlySpan<char> escape, int digits, StringBuilder result, int line)
    {
        if (escape.Length <= digits || !uint.TryParse(escape.Slice(1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint value) || value > 0x10FFFF)
            return SyntaxError.Throw<int>(line, $"a string has a bad escape '\\{escape[..Math.Min(escape.Length, digits + 1)]}'");
        if (value > 0xFFFF)
            result.Append(char.ConvertFromUtf32((int)value));
        else
            result.Append((char)value);
        return digits;
    }

    private static int Octal(ReadOnlySpan<char> digits, StringBuilder result)
    {
        int value = 0;
        int length = 0;
        while (length < 3 && length < digits.Length && digits[length] is >= '0' and <= '7')
            value = (value * 8) + (digits[length++] - '0');
        result.Append((char)value);
        return length;
    }
}
