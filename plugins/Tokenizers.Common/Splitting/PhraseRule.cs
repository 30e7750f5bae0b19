namespace Tessera.Tokenizers.Common.Splitting;

/// <summary>K-EXAONE, whose words go on over single spaces: <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+</c>.</summary>
public readonly struct PhraseRule : ISplitRule
{
    /// <inheritdoc/>
    public int Match(CodePoints text, int at, int end)
    {
        int contraction = Scan.Contraction(text, at, end, true);
        if (contraction > at)
            return contraction;
        if (text.Is(at, CharClass.Letter))
            return Phrase(text, at, end);
        if (text.Is(at, CharClass.Number))
            return at + 1;
        if (!text.Is(at, CharClass.Newline) && at + 1 < end && text.Is(at + 1, CharClass.Letter))
            return Phrase(text, at + 1, end);
        int mark = text[at] == ' ' && at + 1 < end ? at + 1 : at;
        int run = Scan.RunWithout(text, mark, end, CharClass.White | CharClass.Number | CharClass.Letter);
        if (run == mark)
            return Scan.WhiteOrLines(text, at, end);
        return run < end && (text.Is(run, CharClass.Newline) || text[run] == '/') ? run + 1 : run;
    }

    private static int Phrase(CodePoints text, int at, int end)
    {
        while (true)
        {
            at = Scan.Run(text, at + 1, end, CharClass.Mark);
            if (at + 1 < end && text[at] == ' ' && text.Is(at + 1, CharClass.Letter))
                at++;
            else if (at == end || !text.Is(at, CharClass.Letter))
                return at;
        }
    }
}
