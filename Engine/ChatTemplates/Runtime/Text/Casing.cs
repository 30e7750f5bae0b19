using System.Globalization;
using System.Text;

namespace Tessera.Engine.ChatTemplates.Runtime.Text;

/// <summary>Python's changes of case: Unicode's full mappings.</summary>
internal static class Casing
{
    private const char Sigma = 'Σ';

    // Punctuation that may stand inside a word.
    private const string Ignorable = "'.:·\u0387\u055f\u05f4\u2018\u2019\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a";

    public static string Upper(RenderState state, string text)
    {
        state.Budget.Chars(text.Length);
        if (!text.AsSpan().ContainsAny(SpecialCasing.InUpper))
            return text.ToUpperInvariant();
        StringBuilder result = new(text.Length);
        foreach (char c in text)
            _ = SpecialCasing.Upper(c) is string grown ? result.Append(grown) : result.Append(c);
        return Text(state, result).ToUpperInvariant();
    }

    public static string Lower(RenderState state, string text)
    {
        state.Budget.Chars(text.Length);
        string lower = Lower(text);
        if (text.AsSpan().ContainsAny(SpecialCasing.InLower))
            state.Budget.Chars(lower.Length);
        return lower;
    }

    /// <summary>As the other, of a text that no template has made.</summary>
    public static string Lower(string text)
    {
        if (!text.AsSpan().ContainsAny(SpecialCasing.InLower))
            return text.ToLowerInvariant();
        StringBuilder result = new(text.Length);
        for (int i = 0; i < text.Length; i++)
            Lower(text, i, result);
        return result.ToString().ToLowerInvariant();
    }

    /// <summary>What two texts that differ in case only have in common.</summary>
    public static string Fold(RenderState state, string text)
    {
        // The dotless i is no small form of I here, and the great sharp s is two letters.
        state.Budget.Items(text.AsSpan().Count('ı') + 1);
        string upper = string.Join('ı', text.Split('ı').Select(part => Upper(state, part)));
        return Lower(state, upper.Replace(Sigma, 'σ').Replace("ẞ", "ss", StringComparison.Ordinal));
    }

    /// <summary>The first character in upper case, the rest in lower case.</summary>
    public static string Capitalize(RenderState state, string text)
    {
        if (text.Length == 0)
            return text;
        int first = CodePoints.SizeAt(text, 0);
        string head = first == 1 ? SpecialCasing.Title(text[0]) : Upper(state, text[..first]);
        state.Budget.Chars(text.Length);
        // A sigma in the rest has the first letter before it.
        StringBuilder rest = new(text.Length);
        for (int i = first; i < text.Length; i++)
            Lower(text, i, rest);
        return head + Text(state, rest).ToLowerInvariant();
    }

    /// <summary>The first letter of each run of letters in upper case, the others in lower case.</summary>
    public static string Title(RenderState state, string text)
    {
        state.Budget.Chars(text.Length);
        StringBuilder result = new(text.Length);
        bool inWord = false;
        for (int i = 0; i < text.Length; i++)
        {
            bool isCased = IsCased(text, i);
            if (isCased && !inWord)
                result.Append(SpecialCasing.Title(text[i]));
            else
                Small(text, i, result);
            inWord = isCased;
        }
        return Text(state, result);
    }

    public static string Swap(RenderState state, string text)
    {
        state.Budget.Chars(text.Length);
        StringBuilder result = new(text.Length);
        for (int i = 0; i < text.Length; i++)
            if (char.IsUpper(text[i]))
                Small(text, i, result);
            else if (char.GetUnicodeCategory(text[i]) == UnicodeCategory.TitlecaseLetter)
                result.Append(text[i]);
            else
                _ = SpecialCasing.Upper(text[i]) is string grown ? result.Append(grown) : result.Append(char.ToUpperInvariant(text[i]));
        return Text(state, result);
    }

    // A letter becomes three at most.
    private static string Text(RenderState state, StringBuilder result)
    {
        state.Budget.Chars(result.Length);
        return result.ToString();
    }

    // Surrogates stay: only a whole text has their lower case.
    private static void Small(string text, int at, StringBuilder result)
    {
        int start = result.Length;
        Lower(text, at, result);
        if (result.Length == start + 1)
            result[start] = char.ToLowerInvariant(result[start]);
    }

    private static void Lower(string text, int at, StringBuilder result)
    {
        if (text[at] == Sigma)
            result.Append(EndsWord(text, at) ? 'ς' : 'σ');
        else if (SpecialCasing.Lower(text[at]) is string lower)
            result.Append(lower);
        else
            result.Append(text[at]);
    }

    // Each sigma is a letter itself, so no stretch is walked twice from one side.
    private static bool EndsWord(string text, int at)
    {
        int before = at - 1, after = at + 1;
        while (before >= 0 && IsIgnorable(text, before))
            before--;
        while (after < text.Length && IsIgnorable(text, after))
            after++;
        return before >= 0 && IsCased(text, before) && !(after < text.Length && IsCased(text, after));
    }

    // Of a pair of surrogates either half asks for the whole.
    private static UnicodeCategory Category(string text, int at) =>
        CharUnicodeInfo.GetUnicodeCategory(text, at > 0 && char.IsSurrogatePair(text[at - 1], text[at]) ? at - 1 : at);

    private static bool IsCased(string text, int at) =>
        Category(text, at) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
        || text[at] is 'ª' or 'º' or >= '\u2160' and <= '\u217f' or >= '\u24b6' and <= '\u24e9';

    private static bool IsIgnorable(string text, int at) =>
        Ignorable.Contains(text[at])
        || Category(text, at) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;
}
