namespace Tessera.Tokenizers.Common.Splitting;

/// <summary>Cuts runs of digits into groups of three, counted from the right: 1234567 is 1, 234, 567.</summary>
/// <param name="digits">What counts as a digit.</param>
/// <param name="isolated">Whether the run is cut off from what stands around it too.</param>
/// <param name="wholeWords">Whether a run is left alone where a word goes on behind it: <c>\d{1,3}(?=(?:\d{3})*\b)</c>.</param>
public sealed class DigitGroupStage(CharClass digits, bool isolated, bool wholeWords = false) : SplitStage
{
    /// <inheritdoc/>
    public override void Split(CodePoints text, List<int> ends, List<int> result)
    {
        int last = 0;
        foreach (int end in ends)
        {
            for (int at = last; at < end;)
            {
                if (!text.Is(at, digits))
                {
                    at++;
                    continue;
                }
                int run = Scan.Run(text, at, end, digits);
                if (!wholeWords || run == end || !text.Is(run, CharClass.Word))
                {
                    if (isolated)
                        Cut(at, result, ref last);
                    for (int cut = at + (run - at) % 3; cut < run; cut += 3)
                        Cut(cut, result, ref last);
                    if (isolated)
                        Cut(run, result, ref last);
                }
                at = run;
            }
            Cut(end, result, ref last);
        }
    }

    private static void Cut(int at, List<int> result, ref int last)
    {
        if (at <= last)
            return;
        result.Add(at);
        last = at;
    }
}
