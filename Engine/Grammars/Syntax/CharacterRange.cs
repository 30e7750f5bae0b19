namespace Tessera.Engine.Grammars.Syntax;

/// <summary>Code points from one to another, both of them included.</summary>
internal readonly record struct CharacterRange(int First, int Last)
{
    private const int FirstSurrogate = 0xD800, LastSurrogate = 0xDFFF;

    /// <summary>The last code point.</summary>
    public const int Maximum = 0x10FFFF;

    /// <summary>Every character.</summary>
    public static CharacterRange[] All { get; } = [new(0, FirstSurrogate - 1), new(LastSurrogate + 1, Maximum)];

    /// <summary>Whether a code point is no character.</summary>
    public static bool IsSurrogate(int codePoint) => codePoint is >= FirstSurrogate and <= LastSurrogate;

    /// <summary>The same characters, ascending and apart from each other.</summary>
    public static CharacterRange[] Normalize(List<CharacterRange> ranges)
    {
        ranges.Sort(static (a, b) => a.First.CompareTo(b.First));
        List<CharacterRange> result = [];
        foreach (CharacterRange range in ranges)
            if (result.Count > 0 && range.First <= result[^1].Last + 1)
                result[^1] = result[^1] with { Last = Math.Max(result[^1].Last, range.Last) };
            else
                result.Add(range);
        return WithoutSurrogates(result);
    }

    /// <summary>All other characters.</summary>
    /// <param name="ranges">Ascending and apart from each other.</param>
    public static CharacterRange[] Negate(CharacterRange[] ranges)
    {
        List<CharacterRange> result = [];
        int next = 0;
        foreach (CharacterRange range in ranges)
        {
            if (range.First > next)
                result.Add(new(next, range.First - 1));
            next = range.Last + 1;
        }
        if (next <= Maximum)
            result.Add(new(next, Maximum));
        return WithoutSurrogates(result);
    }

    private static CharacterRange[] WithoutSurrogates(List<CharacterRange> ranges)
    {
        List<CharacterRange> result = [];
        foreach ((int first, int last) in ranges)
        {
            if (first < FirstSurrogate)
                result.Add(new(first, Math.Min(last, FirstSurrogate - 1)));
            if (last > LastSurrogate)
                result.Add(new(Math.Max(first, LastSurrogate + 1), last));
        }
        return [.. result];
    }
}
