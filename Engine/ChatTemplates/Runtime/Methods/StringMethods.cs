using System.Text;
using Tessera.Engine.ChatTemplates.Runtime.Text;
using Tessera.Engine.ChatTemplates.Runtime.Values;
using Tessera.Engine.ChatTemplates.Syntax;

namespace Tessera.Engine.ChatTemplates.Runtime.Methods;

/// <summary>Methods of strings that give a changed string.</summary>
internal static class StringMethods
{
    public static readonly Native[] All =
    [
        new("upper", "", (state, self, _) => Casing.Upper(state, (string)self!)),
        new("lower", "", (state, self, _) => Casing.Lower(state, (string)self!)),
        new("casefold", "", (state, self, _) => Casing.Fold(state, (string)self!)),
        new("capitalize", "", (state, self, _) => Casing.Capitalize(state, (string)self!)),
        new("title", "", (state, self, _) => Casing.Title(state, (string)self!)),
        new("swapcase", "", (state, self, _) => Casing.Swap(state, (string)self!)),
        new("strip", "chars", (state, self, a) => Strip(state, (string)self!, a.Get(0, null), true, true)),
        new("lstrip", "chars", (state, self, a) => Strip(state, (string)self!, a.Get(0, null), true, false)),
        new("rstrip", "chars", (state, self, a) => Strip(state, (string)self!, a.Get(0, null), false, true)),
        new("replace", "old, new, count", (state, self, a) =>
            Replace(state, (string)self!, a.String(0, "replace"), a.String(1, "replace"), a.Int(2, -1, "replace"))),
        new("removeprefix", "prefix", RemovePrefix),
        new("removesuffix", "suffix", RemoveSuffix),
        new("join", "items", (state, self, a) => Join(state, (string)self!, a.Need(0, "join"))),
        new("format", "*", (state, self, a) => BraceFormat.Apply(state, (string)self!, a)),
        new("format_map", "mapping", (state, self, a) => BraceFormat.Apply(state, (string)self!, Globals.ToDict(state, new Arguments([a.Need(0, "format_map")], []), "format_map"))),
    ];

    public static string Strip(RenderState state, string text, object? chars, bool left, bool right)
    {
        if (chars is not (null or string))
            Failure.Throw($"strip() needs a string or None, not '{TypeNames.Of(chars)}'");
        string set = chars as string ?? Lexer.Spaces;
        state.Budget.Steps((text.Length / 32) + (set.Length / 2));
        state.Budget.Chars(text.Length);
        HashSet<string>? members = chars is null ? null : [.. CodePoints.Each(set)];
        int start = 0;
        int end = text.Length;
        while (left && start < end && IsIn(text, start, CodePoints.SizeAt(text, start)) is int size and > 0)
            start += size;
        while (right && end > start && IsIn(text, end - SizeBefore(text, end), SizeBefore(text, end)) is int size and > 0)
            end -= size;
        return start == 0 && end == text.Length ? text : text[start..end];

        int IsIn(string source, int at, int size) =>
            (members is null ? Lexer.Spaces.Contains(source[at]) : members.Contains(source.Substring(at, size))) ? size : 0;
    }

    /// <summary>Replaces up to count places, all of them when it is negative.</summary>
    public static string Replace(RenderState state, string text, string old, string by, long count)
    {
        state.Budget.Search(text.Length, old.Length);
        if (count == 0)
            return text;
        if (old.Length == 0)
            return Interleave(state, text, by, count);
        StringBuilder result = new();
        int from = 0;
        for (int at; count != 0 && (at = text.IndexOf(old, from, StringComparison.Ordinal)) >= 0; count--)
        {
            Append(state, result, text.AsSpan(from, at - from));
            Append(state, result, by);
            from = at + old.Length;
        }

        if (from == 0)
            return text;
        Append(state, result, text.AsSpan(from));
        return result.ToString();
    }

    public static string Join(RenderState state, string separator, object? items)
    {
        StringBuilder result = new();
        bool first = true;
        foreach (object? item in Iteration.Of(state, items))
        {
            if (item is not string text)
            {
                Failure.Throw($"join() needs strings, found '{TypeNames.Of(item)}'");
                return "";
            }

            if (!first)
                Append(state, result, separator);
            Append(state, result, text);
            first = false;
        }

        return result.ToString();
    }

    /// <summary>Appends to a string under construction, within the limits.</summary>
    public static void Append(RenderState state, StringBuilder result, ReadOnlySpan<char> text)
    {
        if (text.Length > state.Budget.MaxChars - result.Length)
            state.Budget.Chars((long)result.Length + text.Length);
        state.Budget.Copy(text.Length);
        result.Append(text);
    }

    private static int SizeBefore(string text, int end) => end >= 2 && char.IsSurrogatePair(text[end - 2], text[end - 1]) ? 2 : 1;

    private static string Interleave(RenderState state, string text, string by, long count)
    {
        StringBuilder result = new();
        for (int unit = 0; unit <= text.Length;)
        {
            if (count-- != 0)
                Append(state, result, by);
            else
                count = 0;
            if (unit == text.Length)
                break;
            int size = CodePoints.SizeAt(text, unit);
            Append(state, result, text.AsSpan(unit, size));
            unit += size;
        }

        return result.ToString();
    }

    private static string RemovePrefix(RenderState state, object? self, Arguments arguments)
    {
        (string text, string prefix) = ((string)self!, arguments.String(0, "removeprefix"));
        state.Budget.Chars(text.Length);
        return text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : text;
    }

    private static string RemoveSuffix(RenderState state, object? self, Arguments arguments)
    {
        (string text, string suffix) = ((string)self!, arguments.String(0, "removesuffix"));
        state.Budget.Chars(text.Length);
        return text.EndsWith(suffix, StringComparison.Ordinal) ? text[..^suffix.Length] : text;
    }
}
