namespace Tessera.Spec.Decoding.Sources;

/// <summary>What a draft token is drawn from.</summary>
internal static class Likeliest
{
    /// <summary>The best tokens with their probabilities among each other.</summary>
    /// <param name="best">The tokens, best first; at least one.</param>
    /// <param name="temperature">Above 0; logits are divided by it.</param>
    /// <param name="candidates">Filled, best first.</param>
    /// <returns>How many: all, less those of no probability.</returns>
    public static int Of(ReadOnlySpan<BestToken> best, float temperature, Span<DraftCandidate> candidates)
    {
        float max = best[0].Logit;
        double sum = 0;
        for (int i = 0; i < best.Length; i++)
        {
            float weight = MathF.Exp((best[i].Logit - max) / temperature);
            candidates[i] = new DraftCandidate(best[i].Token, weight);
            sum += weight;
        }
        int kept = 0;
        for (int i = 0; i < best.Length; i++)
            if ((float)(candidates[i].Probability / sum) is > 0 and float probability)
                candidates[kept++] = candidates[i] with { Probability = probability };
        return kept;
    }
}
