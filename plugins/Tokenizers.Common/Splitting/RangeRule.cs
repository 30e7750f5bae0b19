namespace Tessera.Tokenizers.Common.Splitting;

/// <summary>A run of code points out of some ranges, such as <c>[一-龥]+</c>.</summary>
/// <param name="ranges">First and last of each range, ascending.</param>
/// <param name="leadingSpace">Whether one white space may stand in front of it.</param>
public readonly struct RangeRule(int[] ranges, bool leadingSpace = false) : ISplitRule
{
    /// <inheritdoc/>
    public int Match(CodePoints text, int at, int end)
    {
        if (leadingSpace && at + 1 < end && text.Is(at, CharClass.White) && Has(text[at + 1]))
            return Run(text, at + 1, end);
        return Has(text[at]) ? Run(text, at, end) : ~(at + 1);
    }

    private int Run(CodePoints text, int at, int end)
    {
        while (at < end && Has(text[at]))
            at++;
        return at;
    }

    private bool Has(int point)
    {
        int low = 0;
        for (int high = ranges.Length >> 1; low < high;)
        {
            int middle = (low + high) >>> 1;
            if (ranges[2 * middle + 1] < point)
                low = middle + 1;
            else
                high = middle;
        }
        return 2 * low < ranges.Length && ranges[2 * low] <= point;
    }
}
