namespace Tessera.Engine.Sampling;

/// <summary>Keeps tokens with at least a part of the best one's probability (arXiv 2407.01082).</summary>
internal static class MinP
{
    /// <summary>Applies the sampler; 0 keeps all. At least <paramref name="least"/> stay.</summary>
    public static void Apply(Candidates candidates, float p, int least = 1)
    {
        if (p <= 0)
            return;
        float threshold = candidates.Max() + MathF.Log(p);
        Span<Candidate> items = candidates.Items;
        int kept = 0;
        foreach (ref readonly Candidate c in items)
            kept += c.Logit >= threshold ? 1 : 0;
        if (kept < least)
        {
            TopK.Apply(candidates, least);
            return;
        }
        int next = 0;
        for (int i = 0; i < items.Length; i++)
            if (items[i].Logit >= threshold)
                items[next++] = items[i];
        candidates.Truncate(next);
    }
}
