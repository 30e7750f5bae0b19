namespace Tessera.Engine.Sampling;

/// <summary>Nucleus sampling (arXiv 1904.09751): keeps the shortest head with a probability mass.</summary>
internal static class TopP
{
    /// <summary>Applies the sampler; 1 keeps all. At least <paramref name="least"/> and one stay.</summary>
    public static void Apply(Candidates candidates, double p, int least = 1)
    {
        if (p >= 1)
            return;
        candidates.Softmax();
        Span<Candidate> items = candidates.Items;
        foreach (ref Candidate c in items)
            c.Key = c.Logit;
        int head = Selection.Head(items, p, Math.Max(1, least));
        candidates.Reordered();
        candidates.Truncate(head);
    }
}
