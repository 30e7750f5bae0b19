namespace Tessera.Tokenizers.Common.Splitting;

/// <summary>GPT-4o and Tekken, whose words break before a capital: two word patterns
/// <c>[^\r\n\p{L}\p{N}]?U*V+</c> and <c>[^\r\n\p{L}\p{N}]?U+V*</c> with U = <c>[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]</c> and V = <c>[\p{Ll}\p{Lm}\p{Lo}\p{M}]</c>,
/// each with an optional contraction behind it, then <c>\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>.</summary>
public readonly struct CasedWordRule() : ISplitRule
{
    private const CharClass U = CharClass.Upper | CharClass.OtherLetter | CharClass.Mark;
    private const CharClass V = CharClass.Lower | CharClass.OtherLetter | CharClass.Mark;

    /// <summary>The longest run of digits.</summary>
    public int Digits { get; init; } = 3;

    /// <summary>Whether a word takes the contraction behind it along.</summary>
    public bool Contractions { get; init; } = true;

    /// <summary>Whether <c>'ſ</c> is a contraction too: what ignoring case means to some engines.</summary>
    public bool LongS { get; init; }

    /// <inheritdoc/>
    public int Match(CodePoints text, int at, int end)
    {
        int word = Word(text, at, end);
        if (word > at)
            return Contractions ? Scan.Contraction(text, word, end, true, LongS) : word;
        if (text.Is(at, CharClass.Number))
            return Scan.Run(text, at, (int)Math.Min(end, (long)at + Digits), CharClass.Number);
        int mark = text[at] == ' ' && at + 1 < end ? at + 1 : at;
        int run = Scan.RunWithout(text, mark, end, CharClass.White | CharClass.Number | CharClass.Letter);
        if (run == mark)
            return Scan.WhiteOrLines(text, at, end);
        while (run < end && (text.Is(run, CharClass.Newline) || text[run] == '/'))
            run++;
        return run;
    }

    // The alternatives in the pattern's order: each is tried with a leading code point first, then without.
    private static int Word(CodePoints text, int at, int end)
    {
        bool lead = at + 1 < end && !text.Is(at, CharClass.Newline | CharClass.Letter | CharClass.Number);
        int found = lead ? EndsLower(text, at + 1, end) : -1;
        if (found < 0)
            found = EndsLower(text, at, end);
        if (found < 0 && lead && text.Is(at + 1, U))
            found = Scan.Run(text, at + 1, end, U);
        if (found < 0)
            found = Scan.Run(text, at, end, U);
        return found;
    }

    // U*V+ with backtracking: where no V follows the run of U, its last member that is also a V becomes the V+.
    private static int EndsLower(CodePoints text, int at, int end)
    {
        int run = Scan.Run(text, at, end, U);
        if (run < end && text.Is(run, V))
            return Scan.Run(text, run, end, V);
        for (int i = run; i > at; i--)
            if (text.Is(i - 1, V))
                return i;
        return -1;
    }
}
