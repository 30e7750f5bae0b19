namespace Tessera.Engine.Architectures.Blocks;

/// <summary>The attention of one layer, in the metadata's words with their defaults filled in and checked against each other.</summary>
/// <param name="Heads">Query heads.</param>
/// <param name="KeyHeads">Key and value heads.</param>
/// <param name="KeyLength">Elements of a query or key head.</param>
/// <param name="ValueLength">Elements of a value head.</param>
/// <param name="Scale">What query · key is multiplied with.</param>
internal sealed record AttentionShape(int Heads, int KeyHeads, int KeyLength, int ValueLength, float Scale)
{
    /// <summary>The width of all queries.</summary>
    public long QueryWidth => (long)Heads * KeyLength;

    /// <summary>The width of all keys.</summary>
    public long KeyWidth => (long)KeyHeads * KeyLength;

    /// <summary>The width of all values.</summary>
    public long ValueWidth => (long)KeyHeads * ValueLength;

    /// <summary>The shape of a layer's attention.</summary>
    /// <exception cref="ModelFormatException">Numbers contradict each other.</exception>
    public static AttentionShape Of(ModelMetadata m, int layer)
    {
        int heads = Hyperparameters.OfLayer(m, "attention.head_count", m.Attention.HeadCount, layer);
        int keyHeads = Hyperparameters.OfLayer(m, "attention.head_count_kv", m.Attention.KeyValueHeadCount, layer);
        if (keyHeads == 0)
            keyHeads = heads;
        if (heads < 1 || heads % keyHeads != 0)
            throw Hyperparameters.Bad(m, "attention.head_count", $"a multiple of attention.head_count_kv ({keyHeads})", heads);
        if (m.Attention.KeyLength == 0 && m.EmbeddingLength % heads != 0)
            throw Hyperparameters.Bad(m, "embedding_length", $"a multiple of attention.head_count ({heads})", m.EmbeddingLength);
        int key = m.Attention.KeyLength == 0 ? m.EmbeddingLength / heads : m.Attention.KeyLength;
        int value = m.Attention.ValueLength == 0 ? key : m.Attention.ValueLength;
        return new AttentionShape(heads, keyHeads, key, value, m.Attention.Scale == 0 ? 1 / MathF.Sqrt(key) : m.Attention.Scale);
    }
}
