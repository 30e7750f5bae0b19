using System.Buffers;
using System.Text;

namespace Tessera.Engine.ChatTemplates.Runtime.Text;

/// <summary>Python's changes of case: the simple mappings, and those upper-case forms of one letter that are two or three.</summary>
internal static class Casing
{
    private static readonly SearchValues<char> Grows = SearchValues.Create("ßŉǰﬀﬁﬂﬃﬄﬅﬆ");

    public static string Upper(RenderState state, string text)
    {
        state.Budget.Chars(text.Length);
        if (!text.AsSpan().ContainsAny(Grows))
            return text.ToUpperInvariant();
        state.Budget.Chars(3L * text.Length);
        StringBuilder result = new();
        foreach (char c in text)
        {
            string? grown = Grown(c);
            if (grown is null)
                result.Append(c);
            else
                result.Append(grown);
        }

        return result.ToString().ToUpperInvariant();
    }

    public static string Lower(RenderState state, string text)
    {
        state.Budget.Chars(text.Length);
        return text.ToLowerInvariant();
    }

    /// <summary>The first character in upper case, the rest in lower case.</summary>
    public static string Capitalize(RenderState state, string text)
    {
        if (text.Length == 0)
            return text;
        int first = CodePoints.SizeAt(text, 0);
        string head = text[..first];
        string upper = Grown(text[0]) is string grown ? grown[..1] + grown[1..].ToLowerInvariant() : head.ToUpperInvariant();
        return upper + Lower(state, text[first..]);
    }

    /// <summary>The first letter of each run of letters in upper case, the others in lower case.</summary>
    public static string Title(RenderState state, string text)
    {
        StringBuilder result = new(Lower(state, text));
        bool inWord = false;
        for (int i = 0; i < result.Length; i++)
        {
            bool isCased = char.IsUpper(text, i) || char.IsLower(text, i);
            if (isCased && !inWord)
                result[i] = char.ToUpperInvariant(result[i]);
            inWord = isCased;
        }

        return result.ToString();
    }

    public static string Swap(RenderState state, string text)
    {
        state.Budget.Chars(text.Length);
        return string.Create(text.Length, text, static (span, source) =>
        {
            for (int i = 0; i < span.Length; i++)
                span[i] = char.IsUpper(source[i]) ? char.ToLowerInvariant(source[i]) : char.ToUpperInvariant(source[i]);
        });
    }

    private static string? Grown(char c) => c switch
    {
        'ß' => "SS",
        'ŉ' => "ʼN",
        'ǰ' => "J̌",
        'ﬀ' => "FF",
        'ﬁ' => "FI",
        'ﬂ' => "FL",
        'ﬃ' => "FFI",
        'ﬄ' => "FFL",
        'ﬅ' or 'ﬆ' => "ST",
        _ => null,
    };
}
