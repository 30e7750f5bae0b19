namespace Tessera.Engine.Sampling;

/// <summary>Keeps the k highest logits.</summary>
internal static class TopK
{
    /// <summary>Applies the sampler; 0 keeps all.</summary>
    public static void Apply(Candidates candidates, int k)
    {
        if (k <= 0 || k >= candidates.Count)
            return;
        Span<Candidate> items = candidates.Items;
        foreach (ref Candidate c in items)
            (c.Key, c.Probability) = (c.Logit, 0);
        int head = Selection.Head(items, double.NegativeInfinity, k);
        candidates.Reordered();
        candidates.Truncate(head);
    }
}
