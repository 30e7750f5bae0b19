namespace Tessera.Engine.Sampling;

/// <summary>Locally typical sampling (arXiv 2202.00666): keeps the mass whose surprise is nearest the entropy.</summary>
internal static class Typical
{
    /// <summary>Applies the sampler; 1 keeps all. At least <paramref name="least"/> and one stay. Tokens without probability count for nothing.</summary>
    public static void Apply(Candidates candidates, float p, int least = 1)
    {
        if (p >= 1)
            return;
        candidates.Softmax();
        Span<Candidate> items = candidates.Items;
        double entropy = 0;
        foreach (ref readonly Candidate c in items)
            if (c.Probability > 0)
                entropy -= c.Probability * Math.Log(c.Probability);
        foreach (ref Candidate c in items)
            c.Key = c.Probability > 0 ? (float)-Math.Abs(-Math.Log(c.Probability) - entropy) : float.NegativeInfinity;
        // More than p, not at least p, as the method's authors count.
        int head = Selection.Head(items, Math.BitIncrement((double)p), Math.Max(1, least));
        candidates.Reordered();
        candidates.Truncate(head);
    }
}
