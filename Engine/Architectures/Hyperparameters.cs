namespace Tessera.Engine.Architectures;

/// <summary>Bounds that every family's numbers must keep, checked before anything is allocated by them.</summary>
internal static class Hyperparameters
{
    private const int MaxLayers = 4096;
    private const int MaxWidth = 1 << 20;
    private const int MaxHeads = 4096;
    private const int MaxContext = 1 << 28;

    /// <summary>Refuses values that no model of the shared shape can have; the text lists the first that is wrong.</summary>
    public static void Require(ModelMetadata m)
    {
        if (m.Problems.Count > 0)
            throw new ModelFormatException($"the model's metadata cannot be used: {string.Join("; ", m.Problems)}");
        Range(m, "block_count", m.LayerCount, 1, MaxLayers);
        Range(m, "embedding_length", m.EmbeddingLength, 1, MaxWidth);
        Range(m, "feed_forward_length", m.FeedForwardLength, 1, MaxWidth * 8);
        Range(m, "context_length", m.ContextLength, 1, MaxContext);
        Range(m, "attention.head_count", m.Attention.HeadCount, 1, MaxHeads);
        Range(m, "attention.head_count_kv", m.Attention.KeyValueHeadCount, 0, m.Attention.HeadCount);
        Range(m, "attention.key_length", m.Attention.KeyLength, 0, MaxWidth);
        Range(m, "attention.value_length", m.Attention.ValueLength, 0, MaxWidth);
        if (!(m.NormEpsilon is > 0 and < 1))
            throw Bad(m, "attention.layer_norm_rms_epsilon", "a number between 0 and 1", m.NormEpsilon);
        // 0 stands for an absent key.
        if (m.Rope.Base is not (0 or (>= 1 and <= 1e12f)))
            throw Bad(m, "rope.freq_base", "a number from 1 to 1e12", m.Rope.Base);
        if (m.Rope.Factor is not (0 or (>= 1e-3f and <= 1e6f)))
            throw Bad(m, "rope.scaling.factor", "a number from 0.001 to 1e6", m.Rope.Factor);
        if (!float.IsFinite(m.Rope.AttentionFactor) || m.Rope.AttentionFactor < 0)
            throw Bad(m, "rope.scaling.attn_factor", "a positive number", m.Rope.AttentionFactor);
        Range(m, "rope.scaling.original_context_length", m.Rope.OriginalContextLength, 0, MaxContext);
    }

    /// <summary>The error for a value out of its bounds.</summary>
    public static ModelFormatException Bad(ModelMetadata m, string key, string expected, object found) =>
        new($"{m.Architecture}.{key}: expected {expected}, found {found}");

    private static void Range(ModelMetadata m, string key, int value, int least, int most)
    {
        if (value < least || value > most)
            throw Bad(m, key, $"{least} to {most}", value);
    }
}
