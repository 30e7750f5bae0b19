namespace Tessera.Conformance.Ledger;

/// <summary>Turns what a row sees into logits: a hash over (token, position), then one over the vocabulary.</summary>
internal static class LedgerHash
{
    /// <summary>The elements of the hidden state.</summary>
    public const int HiddenWidth = 4;

    /// <summary>The hash of how a sequence of a planned length rotates; 0 where that does not depend on it.</summary>
    public static ulong Rotation(ModelGraph graph, int planned)
    {
        ulong hash = 0;
        for (int i = 0; i < graph.Nodes.Count; i++)
            if (graph.Nodes[i] is RopeNode { Table: var table } && (table.Long is not null || table.Stretch is not null))
                hash = Mix(hash + (table.Long is { } l && planned > l.AboveTokens ? 1UL : 0) + (table.Stretch is { } s && planned > s.OriginalContext ? 2UL * (uint)planned : 0));
        return hash;
    }

    /// <summary>The hash of an empty view of a cache group.</summary>
    public static ulong Start(int group) => Mix(0x7465737365726100 + (ulong)group);

    /// <summary>Adds an entry to a view.</summary>
    public static ulong Add(ulong hash, int token, int position) => Mix(hash ^ ((ulong)(uint)token << 32 | (uint)position));

    /// <summary>Joins the views of the groups.</summary>
    public static ulong Join(ulong hash, ulong view) => Mix(hash * 3 + view);

    /// <summary>The logits of a view, between −4 and 4; the suppressed tokens get −40.</summary>
    public static void Logits(ulong hash, ReadOnlySpan<int> suppressed, Span<float> logits)
    {
        for (int i = 0; i < logits.Length; i++)
            logits[i] = Value(hash, i);
        foreach (int token in suppressed)
            logits[token] = -40;
    }

    /// <summary>The hidden state of a view.</summary>
    public static void Hidden(ulong hash, Span<float> hidden)
    {
        for (int i = 0; i < hidden.Length; i++)
            hidden[i] = Value(~hash, i);
    }

    private static float Value(ulong hash, int index) => (Mix(hash + (ulong)index * 0x9E3779B97F4A7C15) >> 40) * (8f / (1 << 24)) - 4;

    // The finalizer of splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
    private static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
        x = (x ^ x >> 27) * 0x94D049BB133111EB;
        return x ^ x >> 31;
    }
}
