using Tessera.Engine.Generation;

namespace Tessera.Engine.Sampling;

/// <summary>Log-probabilities of the model's own distribution.</summary>
public static class LogProbabilities
{
    /// <summary>The most alternatives that can be asked for.</summary>
    public const int MaxTop = 20;

    /// <summary>ln Σ exp(logit): what a logit has to be reduced by to be a log-probability.</summary>
    public static double Normalizer(ReadOnlySpan<float> logits)
    {
        float max = LogitScan.Max(logits);
        return max + Math.Log(LogitScan.SumExp(logits, max, 1));
    }

    /// <summary>Fills the likeliest tokens, best first, equals by id; <paramref name="top"/> is no longer than the vocabulary.</summary>
    public static void Top(ReadOnlySpan<float> logits, double normalizer, Span<TokenProbability> top)
    {
        int count = 0;
        if (top.Length == 0)
            return;
        for (int token = 0; token < logits.Length; token++)
        {
            float value = (float)(logits[token] - normalizer);
            if (count == top.Length && !(value > top[count - 1].LogProbability))
                continue;
            int at = count < top.Length ? count++ : count - 1;
            while (at > 0 && top[at - 1].LogProbability < value)
            {
                top[at] = top[at - 1];
                at--;
            }
            top[at] = new TokenProbability(token, value);
        }
    }
}
