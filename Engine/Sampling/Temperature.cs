namespace Tessera.Engine.Sampling;

/// <summary>Divides the logits.</summary>
internal static class Temperature
{
    /// <summary>Applies the sampler. At 0 and below only the best candidate keeps its logit.</summary>
    public static void Apply(Candidates candidates, float temperature)
    {
        Span<Candidate> items = candidates.Items;
        if (temperature <= 0)
        {
            int best = candidates.Best();
            for (int i = 0; i < items.Length; i++)
                if (i != best)
                    items[i].Logit = float.NegativeInfinity;
            return;
        }
        foreach (ref Candidate c in items)
            c.Logit /= temperature;
    }
}
