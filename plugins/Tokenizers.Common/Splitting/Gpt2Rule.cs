namespace Tessera.Tokenizers.Common.Splitting;

/// <summary>GPT-2: <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>.</summary>
public readonly struct Gpt2Rule : ISplitRule
{
    /// <inheritdoc/>
    public int Match(CodePoints text, int at, int end)
    {
        int contraction = Scan.Contraction(text, at, end, false);
        if (contraction > at)
            return contraction;
        int word = text[at] == ' ' && at + 1 < end ? at + 1 : at;
        if (text.Is(word, CharClass.Letter))
            return Scan.Run(text, word, end, CharClass.Letter);
        if (text.Is(word, CharClass.Number))
            return Scan.Run(text, word, end, CharClass.Number);
        return text.Is(word, CharClass.White)
            ? Scan.White(text, at, end)
            : Scan.RunWithout(text, word, end, CharClass.White | CharClass.Letter | CharClass.Number);
    }
}
