namespace Tessera.Tokenizers.Common.Splitting;

/// <summary>White space at the end: <c>\s+$</c>.</summary>
public readonly struct TrailingSpaceRule : ISplitRule
{
    /// <inheritdoc/>
    public int Match(CodePoints text, int at, int end)
    {
        int run = Scan.Run(text, at, end, CharClass.White);
        return run == end ? end : ~Math.Max(run, at + 1);
    }
}

/// <summary>Digits in groups of exactly three: <c>[0-9][0-9][0-9]</c>.</summary>
public readonly struct ThreeDigitsRule : ISplitRule
{
    /// <inheritdoc/>
    public int Match(CodePoints text, int at, int end) =>
        at + 3 <= end && Digit(text[at]) && Digit(text[at + 1]) && Digit(text[at + 2]) ? at + 3 : ~(at + 1);

    private static bool Digit(int point) => point is >= '0' and <= '9';
}

/// <summary>Lines and runs of line feeds: <c>[^\n]+|[\n]+</c>.</summary>
public readonly struct LineRule : ISplitRule
{
    /// <inheritdoc/>
    public int Match(CodePoints text, int at, int end)
    {
        bool feed = text[at] == '\n';
        while (at < end && text[at] == '\n' == feed)
            at++;
        return at;
    }
}

/// <summary>BLOOM: <c> ?[^(\s|.,!?…。，、।۔،)]+</c>; the parentheses and the bar are members of the class.</summary>
public readonly struct BloomRule : ISplitRule
{
    /// <inheritdoc/>
    public int Match(CodePoints text, int at, int end)
    {
        int start = text[at] == ' ' ? at + 1 : at;
        int run = start;
        while (run < end && Has(text, run))
            run++;
        return run > start ? run : ~(at + 1);
    }

    private static bool Has(CodePoints text, int at) =>
        !text.Is(at, CharClass.White) && text[at] is not ('(' or ')' or '|' or '.' or ',' or '!' or '?' or '…' or '。' or '，' or '、' or '।' or '۔' or '،');
}
