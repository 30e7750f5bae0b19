using System.Buffers;
using Tessera.Engine.ChatTemplates.Runtime.Values;
using Tessera.Engine.ChatTemplates.Syntax;

namespace Tessera.Engine.ChatTemplates.Runtime.Methods;

/// <summary>Methods of strings that cut them into parts.</summary>
internal static class StringSplitMethods
{
    private static readonly SearchValues<char> LineEnds = SearchValues.Create("\n\r\v\f\u001c\u001d\u001e\u0085\u2028\u2029");
    private static readonly SearchValues<char> SpaceChars = SearchValues.Create(Lexer.Spaces);

    public static readonly Native[] All =
    [
        new("split", "sep, maxsplit", (state, self, a) => Split(state, (string)self!, a, fromEnd: false)),
        new("rsplit", "sep, maxsplit", (state, self, a) => Split(state, (string)self!, a, fromEnd: true)),
        new("splitlines", "keepends", (state, self, a) => new ListValue(Lines(state, (string)self!, a.Flag(0, false, state)))),
        new("partition", "sep", (state, self, a) => Partition(state, (string)self!, a.String(0, "partition"), last: false)),
        new("rpartition", "sep", (state, self, a) => Partition(state, (string)self!, a.String(0, "rpartition"), last: true)),
    ];

    /// <summary>The lines of a text, by all that Python takes as a line's end.</summary>
    public static List<object?> Lines(RenderState state, string text, bool keepEnds)
    {
        List<object?> lines = [];
        for (int start = 0; start < text.Length;)
        {
            int end = text.AsSpan(start).IndexOfAny(LineEnds);
            end = end < 0 ? text.Length : start + end;
            int next = end == text.Length ? end : end + (text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? 2 : 1);
            Add(state, lines, text[start..(keepEnds ? next : end)]);
            start = next;
        }

        return lines;
    }

    private static ListValue Split(RenderState state, string text, Arguments arguments, bool fromEnd)
    {
        object? separator = arguments.Get(0, null);
        long max = arguments.Int(1, -1, "split");
        max = max < 0 ? long.MaxValue : max;
        List<object?> parts = [];
        if (separator is null)
            AtSpaces(state, text, max, fromEnd, parts);
        else
            AtSeparator(state, text, arguments.String(0, "split"), max, fromEnd, parts);
        if (fromEnd)
            parts.Reverse();
        return new ListValue(parts);
    }

    private static void AtSeparator(RenderState state, string text, string separator, long max, bool fromEnd, List<object?> parts)
    {
        if (separator.Length == 0)
            Failure.Throw("split() has an empty separator");
        state.Budget.Search(text.Length, separator.Length);
        ReadOnlySpan<char> rest = text;
        for (; max > 0; max--)
        {
            int at = fromEnd ? rest.LastIndexOf(separator, StringComparison.Ordinal) : rest.IndexOf(separator, StringComparison.Ordinal);
            if (at < 0)
                break;
            Add(state, parts, (fromEnd ? rest[(at + separator.Length)..] : rest[..at]).ToString());
            rest = fromEnd ? rest[..at] : rest[(at + separator.Length)..];
        }

        Add(state, parts, rest.ToString());
    }

    private static void AtSpaces(RenderState state, string text, long max, bool fromEnd, List<object?> parts)
    {
        state.Budget.Scan(text.Length);
        ReadOnlySpan<char> rest = Trim(text, fromEnd);
        for (; max > 0; max--)
        {
            int at = fromEnd ? rest.LastIndexOfAny(SpaceChars) : rest.IndexOfAny(SpaceChars);
            if (at < 0)
                break;
            // A space beyond the last word is no separator.
            ReadOnlySpan<char> after = Trim(fromEnd ? rest[..at] : rest[(at + 1)..], fromEnd);
            Add(state, parts, (fromEnd ? rest[(at + 1)..] : rest[..at]).ToString());
            rest = after;
        }

        if (!rest.IsEmpty)
            Add(state, parts, rest.ToString());
    }

    private static ReadOnlySpan<char> Trim(ReadOnlySpan<char> text, bool fromEnd) => fromEnd ? text.TrimEnd(Lexer.Spaces) : text.TrimStart(Lexer.Spaces);

    private static TupleValue Partition(RenderState state, string text, string separator, bool last)
    {
        if (separator.Length == 0)
            Failure.Throw("partition() has an empty separator");
        state.Budget.Search(text.Length, separator.Length);
        state.Budget.Chars(text.Length);
        int at = last ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        if (at < 0)
            return last ? new TupleValue(["", "", text]) : new TupleValue([text, "", ""]);
        return new TupleValue([text[..at], separator, text[(at + separator.Length)..]]);
    }

    private static void Add(RenderState state, List<object?> parts, string part)
    {
        state.Budget.Step();
        Iteration.Reserve(state, parts.Count);
        state.Budget.Chars(part.Length);
        parts.Add(part);
    }
}
