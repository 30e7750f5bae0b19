using System.Numerics;
using System.Runtime.InteropServices;

namespace Tessera.Spec.Decoding.Sources;

/// <summary>The likeliest tokens of a row of logits.</summary>
internal static class Likeliest
{
    /// <summary>The highest logit's token, the lowest id of equals.</summary>
    public static int Of(ReadOnlySpan<float> logits)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        Vector<float> most = new(float.NegativeInfinity);
        foreach (Vector<float> vector in vectors)
            most = Vector.Max(most, vector);
        float max = float.NegativeInfinity;
        for (int i = 0; i < Vector<float>.Count; i++)
            max = Math.Max(max, most[i]);
        foreach (float logit in logits[(vectors.Length * Vector<float>.Count)..])
            max = Math.Max(max, logit);
        return Math.Max(0, logits.IndexOf(max));
    }

    /// <summary>The likeliest tokens with their probabilities among each other.</summary>
    /// <param name="logits">The row.</param>
    /// <param name="temperature">Above 0; logits are divided by it.</param>
    /// <param name="candidates">Filled, best first.</param>
    /// <returns>How many: as many as fit, less those of no probability.</returns>
    public static int Of(ReadOnlySpan<float> logits, float temperature, Span<DraftCandidate> candidates)
    {
        int count = 0;
        float floor = float.NegativeInfinity;
        for (int token = 0; token < logits.Length; token++)
        {
            float logit = logits[token];
            if (!(logit > floor))
                continue;
            int at = count < candidates.Length ? count++ : count - 1;
            for (; at > 0 && candidates[at - 1].Probability < logit; at--)
                candidates[at] = candidates[at - 1];
            candidates[at] = new DraftCandidate(token, logit);
            if (count == candidates.Length)
                floor = candidates[^1].Probability;
        }
        if (count == 0)
            (candidates[0], count) = (new DraftCandidate(Of(logits), 0), 1);
        float max = candidates[0].Probability;
        double sum = 0;
        for (int i = 0; i < count; i++)
        {
            float weight = MathF.Exp((candidates[i].Probability - max) / temperature);
            candidates[i] = candidates[i] with { Probability = weight };
            sum += weight;
        }
        int kept = 0;
        for (int i = 0; i < count; i++)
            if ((float)(candidates[i].Probability / sum) is > 0 and float probability)
                candidates[kept++] = candidates[i] with { Probability = probability };
        return kept;
    }
}
