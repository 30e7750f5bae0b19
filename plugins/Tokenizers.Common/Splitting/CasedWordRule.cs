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

    /// <summary>Whether runs of Han are pieces of their own and no part of a word.</summary>
    public bool HanApart { get; init; }

    /// <summary>Whether punctuation takes slashes behind it along, as it does line breaks.</summary>
    public bool Slashes { get; init; } = true;

    /// <inheritdoc/>
    public int Match(CodePoints text, int at, int end)
    {
        if (HanApart && HanRanges.Has(text[at]))
            return HanRanges.Run(text, at + 1, end);
        int word = Word(text, at, end);
        if (word > at)
            return Contractions ? Scan.Contraction(text, word, end, true, LongS) : word;
        if (text.Is(at, CharClass.Number))
            return Scan.Run(text, at, (int)Math.Min(end, (long)at + Digits), CharClass.Number);
        int mark = text[at] == ' ' && at + 1 < end ? at + 1 : at;
        int run = Scan.RunWithout(text, mark, end, CharClass.White | CharClass.Number | CharClass.Letter);
        if (run == mark)
            return Scan.WhiteOrLines(text, at, end);
        while (run < end && (text.Is(run, CharClass.Newline) || (Slashes && text[run] == '/')))
            run++;
        return run;
    }

    // The alternatives in the pattern's order: each is tried with a leading code point first, then without.
    private int Word(CodePoints text, int at, int end)
    {
        bool lead = at + 1 < end && !text.Is(at, CharClass.Newline | CharClass.Letter | CharClass.Number);
        int found = lead ? EndsLower(text, at + 1, end) : -1;
        if (found < 0)
            found = EndsLower(text, at, end);
        if (found < 0 && lead && Is(text, at + 1, U))
            found = Run(text, at + 1, end, U);
        if (found < 0)
            found = Run(text, at, end, U);
        return found;
    }

    // U*V+ with backtracking: where no V follows the run of U, its last member that is also a V becomes the V+.
    private int EndsLower(CodePoints text, int at, int end)
    {
        int run = Run(text, at, end, U);
        if (run < end && Is(text, run, V))
            return Run(text, run, end, V);
        for (int i = run; i > at; i--)
            if (text.Is(i - 1, V))
                return i;
        return -1;
    }

    private int Run(CodePoints text, int at, int end, CharClass classes)
    {
        while (at < end && Is(text, at, classes))
            at++;
        return at;
    }

    private bool Is(CodePoints text, int at, CharClass classes) => text.Is(at, classes) && !(HanApart && HanRanges.Has(text[at]));
}
