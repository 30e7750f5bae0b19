using System.Numerics;

namespace Tessera.Engine.Sampling;

/// <summary>The best tokens of a row of logits, as a runtime finds them that chooses itself.</summary>
internal static class BestTokens
{
    /// <summary>Finds the tokens of the highest logits, best first, of equals the lowest id first.</summary>
    /// <param name="logits">The row.</param>
    /// <param name="best">Filled; at least one.</param>
    /// <returns>How many: as many as fit, less those whose logit is −∞; none where a logit is NaN or +∞.</returns>
    public static int Choose(ReadOnlySpan<float> logits, Span<BestToken> best)
    {
        if (best.Length == 1)
        {
            int token = LogitScan.Argmax(logits);
            if (token < 0)
                return 0;
            best[0] = new BestToken(token, logits[token]);
            return 1;
        }
        if (!float.IsFinite(LogitScan.Max(logits)))
            return 0;
        int count = 0, tail = logits.Length - logits.Length % Vector<float>.Count;
        for (int at = 0; at < tail; at += Vector<float>.Count)
            if (Vector.GreaterThanAny(new Vector<float>(logits[at..]), new Vector<float>(Floor(best, count))))
                count = Insert(logits.Slice(at, Vector<float>.Count), at, best, count);
        return Insert(logits[tail..], tail, best, count);
    }

    // What is not above it is not among the best.
    private static float Floor(Span<BestToken> best, int count) => count == best.Length ? best[^1].Logit : float.NegativeInfinity;

    private static int Insert(ReadOnlySpan<float> logits, int first, Span<BestToken> best, int count)
    {
        for (int i = 0; i < logits.Length; i++)
        {
            float logit = logits[i];
            if (logit <= Floor(best, count))
                continue;
            count = Math.Min(count + 1, best.Length);
            int at = count - 1;
            for (; at > 0 && best[at - 1].Logit < logit; at--)
                best[at] = best[at - 1];
            best[at] = new BestToken(first + i, logit);
        }
        return count;
    }
}
