using System.Globalization;
using System.Text;

namespace Tessera.Engine.ChatTemplates.Runtime.Text;

/// <summary>Python's repr of a string: single quotes where possible, escapes for what cannot be printed.</summary>
internal static class StringRepr
{
    public static string Of(RenderState state, string text)
    {
        state.Budget.Chars(text.Length + 2L);
        char quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        StringBuilder result = new(text.Length + 2);
        result.Append(quote);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == quote || c == '\\')
                result.Append('\\').Append(c);
            else if (c is >= ' ' and < (char)127 || c == state.Invisible)
                result.Append(c);
            else if (c is '\n' or '\r' or '\t')
                result.Append(c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
            else
                i += Special(text, i, result);
        }

        return result.Append(quote).ToString();
    }

    /// <summary>True for what Python's isprintable accepts.</summary>
    public static bool IsPrintable(UnicodeCategory category) => category is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or
        UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);

    private static int Special(string text, int index, StringBuilder result)
    {
        bool isPair = char.IsSurrogatePair(text, index);
        int code = isPair ? char.ConvertToUtf32(text, index) : text[index];
        if (IsPrintable(CharUnicodeInfo.GetUnicodeCategory(text, index)))
            result.Append(text, index, isPair ? 2 : 1);
        else if (code < 0x100)
            result.Append("\\x").Append(code.ToString("x2", CultureInfo.InvariantCulture));
        else if (code < 0x10000)
            result.Append("\\u").Append(code.ToString("x4", CultureInfo.InvariantCulture));
        else
            result.Append("\\U").Append(code.ToString("x8", CultureInfo.InvariantCulture));
        return isPair ? 1 : 0;
    }
}
