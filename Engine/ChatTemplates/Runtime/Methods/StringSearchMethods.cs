using Tessera.Engine.ChatTemplates.Runtime.Text;
using Tessera.Engine.ChatTemplates.Runtime.Values;

namespace Tessera.Engine.ChatTemplates.Runtime.Methods;

/// <summary>Methods of strings that look for another string.</summary>
internal static class StringSearchMethods
{
    public static readonly Native[] All =
    [
        new("startswith", "prefix, start, end", (state, self, a) => Matches(state, (string)self!, a, "startswith", static (text, part) => text.StartsWith(part))),
        new("endswith", "suffix, start, end", (state, self, a) => Matches(state, (string)self!, a, "endswith", static (text, part) => text.EndsWith(part))),
        new("find", "sub, start, end", (state, self, a) => Find(state, (string)self!, a, "find", last: false)),
        new("rfind", "sub, start, end", (state, self, a) => Find(state, (string)self!, a, "rfind", last: true)),
        new("index", "sub, start, end", (state, self, a) => Found(Find(state, (string)self!, a, "index", last: false))),
        new("rindex", "sub, start, end", (state, self, a) => Found(Find(state, (string)self!, a, "rindex", last: true))),
        new("count", "sub, start, end", Count),
    ];

    private delegate bool Match(ReadOnlySpan<char> text, ReadOnlySpan<char> part);

    private static object Matches(RenderState state, string text, Arguments arguments, string function, Match match)
    {
        (int from, int to) = Region(state, text, arguments, function);
        if (from > to)
            return false;
        ReadOnlySpan<char> region = text.AsSpan(from, to - from);
        if (arguments.Need(0, function) is not TupleValue choices)
        {
            string part = arguments.String(0, function);
            state.Budget.Scan(part.Length);
            return match(region, part);
        }

        for (int i = 0; i < choices.Count; i++)
        {
            if (choices[i] is not string choice)
                return Failure.Throw<object>($"{function}() needs strings, found '{TypeNames.Of(choices[i])}'");
            state.Budget.Steps(1 + (choice.Length / 32));
            if (match(region, choice))
                return true;
        }

        return false;
    }

    private static long Find(RenderState state, string text, Arguments arguments, string function, bool last)
    {
        string part = arguments.String(0, function);
        (int from, int to) = Region(state, text, arguments, function);
        if (from > to)
            return -1;
        state.Budget.Search(to - from, part.Length);
        ReadOnlySpan<char> region = text.AsSpan(from, to - from);
        int at = last ? region.LastIndexOf(part, StringComparison.Ordinal) : region.IndexOf(part, StringComparison.Ordinal);
        return at < 0 ? -1 : CodePoints.IndexOf(text, from + at);
    }

    private static object Found(long index) => index >= 0 ? index : Failure.Throw<object>("substring not found");

    private static object Count(RenderState state, object? self, Arguments arguments)
    {
        string text = (string)self!;
        string part = arguments.String(0, "count");
        (int from, int to) = Region(state, text, arguments, "count");
        if (from > to)
            return 0L;
        state.Budget.Search(to - from, part.Length);
        ReadOnlySpan<char> region = text.AsSpan(from, to - from);
        return part.Length == 0 ? CodePoints.Length(region.ToString()) + 1L : (long)region.Count(part);
    }

    /// <summary>The UTF-16 bounds of the arguments start and end; the first above the second when start is beyond the end.</summary>
    private static (int From, int To) Region(RenderState state, string text, Arguments arguments, string function)
    {
        if (arguments.Get(1, null) is null && arguments.Get(2, null) is null)
            return (0, text.Length);
        state.Budget.Scan(text.Length);
        long length = CodePoints.Length(text);
        long start = arguments.Get(1, null) is null ? 0 : arguments.Int(1, 0, function);
        long end = arguments.Get(2, null) is null ? length : arguments.Int(2, length, function);
        start = start < 0 ? Math.Max(0, start + length) : start;
        end = end < 0 ? Math.Max(0, end + length) : Math.Min(end, length);
        return start > length || start > end ? (1, 0) : (CodePoints.UnitOf(text, (int)start), CodePoints.UnitOf(text, (int)end));
    }
}
