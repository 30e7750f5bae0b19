namespace Tessera.Engine.Evaluation;

/// <summary>Log-probabilities in double precision, for measurements.</summary>
public static class LogProbability
{
    /// <summary>ln softmax(logits)[token].</summary>
    public static double Of(ReadOnlySpan<float> logits, int token) => logits[token] - LogSumExp(logits);

    /// <summary>ln Σ exp(logits).</summary>
    public static double LogSumExp(ReadOnlySpan<float> logits)
    {
        double best = double.NegativeInfinity;
        foreach (float logit in logits)
            best = Math.Max(best, logit);
        double sum = 0;
        foreach (float logit in logits)
            sum += Math.Exp(logit - best);
        return best + Math.Log(sum);
    }
}
