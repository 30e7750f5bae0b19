using Tessera.Engine.Evaluation;

namespace Tessera.Accuracy.Bench;

/// <summary>The Kullback–Leibler divergence of two rows of logits.</summary>
internal static class Divergence
{
    /// <summary>Σ p · ln(p / q) over the vocabulary, p the reference.</summary>
    public static double Of(ReadOnlySpan<float> reference, ReadOnlySpan<float> other)
    {
        double reference0 = LogProbability.LogSumExp(reference), other0 = LogProbability.LogSumExp(other), sum = 0;
        for (int i = 0; i < reference.Length; i++)
        {
            double p = reference[i] - reference0, q = other[i] - other0;
            sum += Math.Exp(p) * (p - q);
        }
        return sum;
    }
}
