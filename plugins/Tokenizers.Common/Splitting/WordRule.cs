namespace Tessera.Tokenizers.Common.Splitting;

/// <summary>Llama 3 and its relatives: <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>.</summary>
public readonly struct WordRule() : ISplitRule
{
    /// <summary>The longest run of digits.</summary>
    public int Digits { get; init; } = 3;

    /// <summary>Whether contractions are pieces of their own.</summary>
    public bool Contractions { get; init; } = true;

    /// <summary>What a word is made of: letters, or letters and marks.</summary>
    public CharClass Word { get; init; } = CharClass.Letter;

    /// <summary>Whether punctuation takes the line breaks behind it along.</summary>
    public bool PunctuationTakesLines { get; init; } = true;

    /// <summary>Whether <c>'ſ</c> is a contraction too: what ignoring case means to some engines.</summary>
    public bool LongS { get; init; }

    /// <summary>Whether runs of white space are cut into powers of two, up to 512.</summary>
    public bool WhiteInPowers { get; init; }

    /// <summary>Whether white space at the end of a text is one piece, line breaks and all: <c>\s+$</c> before the other white space.</summary>
    public bool WhiteAtEnd { get; init; }

    /// <inheritdoc/>
    public int Match(CodePoints text, int at, int end)
    {
        int contraction = Contractions ? Scan.Contraction(text, at, end, true, LongS) : at;
        if (contraction > at)
            return contraction;
        if (text.Is(at, Word))
            return Scan.Run(text, at + 1, end, Word);
        if (!text.Is(at, CharClass.Newline | CharClass.Number) && at + 1 < end && text.Is(at + 1, Word))
            return Scan.Run(text, at + 2, end, Word);
        if (text.Is(at, CharClass.Number))
            return Scan.Run(text, at, (int)Math.Min(end, (long)at + Digits), CharClass.Number);
        int mark = text[at] == ' ' && at + 1 < end ? at + 1 : at;
        int run = Scan.RunWithout(text, mark, end, CharClass.White | CharClass.Number | Word);
        if (run == mark)
            return WhiteAtEnd && Scan.Run(text, at, end, CharClass.White) == end ? end
                : WhiteInPowers ? Scan.LinesOrPowers(text, at, end) : Scan.WhiteOrLines(text, at, end);
        return PunctuationTakesLines ? Scan.Run(text, run, end, CharClass.Newline) : run;
    }
}
