namespace Tessera.Engine.Sampling;

/// <summary>Keeps the k highest logits.</summary>
internal static class TopK
{
    /// <summary>So few are left in order, as a runtime gives them that chooses them itself: a seed's draws are the same with both.</summary>
    private const int InOrder = 256;

    /// <summary>Applies the sampler; 0 keeps all.</summary>
    public static void Apply(Candidates candidates, int k)
    {
        Span<Candidate> items = candidates.Items;
        if (k <= 0 || (k >= items.Length && items.Length > InOrder))
            return;
        foreach (ref Candidate c in items)
            (c.Key, c.Probability) = (c.Logit, 0);
        int head = k < items.Length ? Selection.Head(items, double.NegativeInfinity, k) : items.Length;
        if (head <= InOrder)
            items[..head].Sort();
        candidates.Reordered();
        candidates.Truncate(head);
    }
}
