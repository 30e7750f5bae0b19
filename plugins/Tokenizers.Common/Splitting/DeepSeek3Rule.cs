namespace Tessera.Tokenizers.Common.Splitting;

/// <summary>The last pattern of DeepSeek V3: <c>[!-/:-@\[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>.</summary>
public readonly struct DeepSeek3Rule : ISplitRule
{
    /// <summary>Whether each line break stands alone: <c> ?[\p{P}\p{S}]+|[\r\n]|\s+(?!\S)|\s+</c> at the end of the pattern.</summary>
    public bool LinesApart { get; init; }

    /// <inheritdoc/>
    public int Match(CodePoints text, int at, int end)
    {
        if (text[at] < 0x80 && text.Is(at, CharClass.Punctuation | CharClass.Symbol))
        {
            int letters = at + 1;
            while (letters < end && char.IsAsciiLetter((char)Math.Min(text[letters], 0xFFFF)))
                letters++;
            if (letters > at + 1)
                return letters;
        }
        const CharClass Word = CharClass.Letter | CharClass.Mark;
        if (at + 1 < end && !text.Is(at, CharClass.Newline | CharClass.Letter | CharClass.Punctuation | CharClass.Symbol) && text.Is(at + 1, Word))
            return Scan.Run(text, at + 1, end, Word);
        if (text.Is(at, Word))
            return Scan.Run(text, at, end, Word);
        int mark = text[at] == ' ' && at + 1 < end ? at + 1 : at;
        int run = Scan.Run(text, mark, end, CharClass.Punctuation | CharClass.Symbol);
        if (run > mark)
            return LinesApart ? run : Scan.Run(text, run, end, CharClass.Newline);
        if (LinesApart && text.Is(at, CharClass.White))
            return text.Is(at, CharClass.Newline) ? at + 1 : Scan.White(text, at, end);
        return text.Is(at, CharClass.White) ? Scan.WhiteOrLines(text, at, end) : ~(at + 1);
    }
}
