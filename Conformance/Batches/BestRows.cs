namespace Tessera.Conformance.Batches;

/// <summary>The best tokens of a step's rows, as the contract of <see cref="IChoosingRuntime"/> says them.</summary>
/// <param name="rows">The most rows.</param>
/// <param name="most">The most tokens of a row.</param>
internal sealed class BestRows(int rows, int most)
{
    private readonly BestToken[] _tokens = new BestToken[checked(rows * most)];
    private readonly int[] _counts = new int[rows];

    /// <summary>The rows of this step.</summary>
    public int Used { get; private set; }

    /// <summary>Starts a new step.</summary>
    public void Clear() => Used = 0;

    /// <summary>Adds a row.</summary>
    /// <param name="logits">Its logits.</param>
    /// <param name="wanted">How many tokens it wants.</param>
    public void Add(ReadOnlySpan<float> logits, int wanted)
    {
        _counts[Used] = Choose(logits, _tokens.AsSpan(Used * most, wanted));
        Used++;
    }

    /// <summary>A row of this step.</summary>
    public ReadOnlySpan<BestToken> Row(int output) => _tokens.AsSpan(output * most, _counts[output]);

    /// <summary>Finds the best tokens.</summary>
    /// <returns>How many there are.</returns>
    public static int Choose(ReadOnlySpan<float> logits, Span<BestToken> best)
    {
        int count = 0;
        for (int token = 0; token < logits.Length; token++)
        {
            float logit = logits[token];
            if (!(logit < float.PositiveInfinity))
                return 0;
            if (logit == float.NegativeInfinity || (count == best.Length && logit <= best[^1].Logit))
                continue;
            count = Math.Min(count + 1, best.Length);
            int at = count - 1;
            for (; at > 0 && best[at - 1].Logit < logit; at--)
                best[at] = best[at - 1];
            best[at] = new BestToken(token, logit);
        }
        return count;
    }
}
