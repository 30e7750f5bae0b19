using System.Runtime.InteropServices;
using Tessera.Engine.Graphs;

namespace Tessera.Engine.Architectures;

/// <summary>The Llama family (arXiv 2302.13971): RMS norm, rotary embedding, grouped-query attention, SwiGLU; tied or separate embeddings.</summary>
public sealed class Llama : IModelArchitecture
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["llama"];

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        ArgumentNullException.ThrowIfNull(source);
        ModelMetadata m = source.Metadata;
        Hyperparameters.Require(m);
        if (m.Extra.TryGetValue("expert_count", out double experts) && experts > 0)
            throw new UnsupportedModelException($"{m.Architecture}.expert_count: mixture of experts ({experts} experts) is not available for this family");
        int heads = m.Attention.HeadCount;
        int keyHeads = m.Attention.KeyValueHeadCount == 0 ? heads : m.Attention.KeyValueHeadCount;
        if (heads % keyHeads != 0)
            throw Hyperparameters.Bad(m, "attention.head_count", $"a multiple of attention.head_count_kv ({keyHeads})", heads);
        if (m.Attention.KeyLength == 0 && m.EmbeddingLength % heads != 0)
            throw Hyperparameters.Bad(m, "embedding_length", $"a multiple of attention.head_count ({heads})", m.EmbeddingLength);
        int head = m.Attention.KeyLength == 0 ? m.EmbeddingLength / heads : m.Attention.KeyLength;
        int valueHead = m.Attention.ValueLength == 0 ? head : m.Attention.ValueLength;
        int rotating = m.Rope.Dimensions == 0 ? head : m.Rope.Dimensions;
        if (rotating < 2 || rotating > head || rotating % 2 != 0)
            throw Hyperparameters.Bad(m, "rope.dimension_count", $"an even number from 2 to the head length {head}", rotating);

        GraphBuilder b = new(source);
        long width = m.EmbeddingLength, inner = m.FeedForwardLength;
        long vocabulary = VocabularySize(source);
        WeightTensor embedding = b.Weight("token_embd.weight", vocabulary, width);
        RopeTable rope = RopeFrequencies.Build(m.Rope, rotating, m.ContextLength, Divisors(b, rotating / 2));
        float scale = m.Attention.Scale == 0 ? 1 / MathF.Sqrt(head) : m.Attention.Scale;
        List<CacheSpec> caches = [];

        if (b.Has($"blk.{m.LayerCount}.attn_norm.weight"))
            throw Hyperparameters.Bad(m, "block_count", "as many layers as the file has tensors for", m.LayerCount);

        GraphValue x = b.Embed("token_embd", embedding);
        for (int i = 0; i < m.LayerCount; i++)
        {
            string layer = $"blk.{i}";
            CacheSpec cache = new(layer, keyHeads, head, valueHead);
            caches.Add(cache);
            GraphValue h = b.RmsNorm($"{layer}.attn_norm", x, b.Weight($"{layer}.attn_norm.weight", width), m.NormEpsilon);
            GraphValue q = Project("attn_q", h, (long)heads * head, width);
            GraphValue k = Project("attn_k", h, (long)keyHeads * head, width);
            GraphValue v = Project("attn_v", h, (long)keyHeads * valueHead, width);
            q = b.Rope($"{layer}.rope_q", q, heads, rope);
            k = b.Rope($"{layer}.rope_k", k, keyHeads, rope);
            GraphValue a = b.Attention($"{layer}.attn", q, k, v, cache, heads, scale);
            a = Project("attn_output", a, width, (long)heads * valueHead);
            x = b.Sum($"{layer}.attn_add", x, a);
            h = b.RmsNorm($"{layer}.ffn_norm", x, b.Weight($"{layer}.ffn_norm.weight", width), m.NormEpsilon);
            GraphValue gate = Project("ffn_gate", h, inner, width);
            GraphValue up = Project("ffn_up", h, inner, width);
            h = b.Gated($"{layer}.ffn_act", gate, up, Activation.Silu);
            h = Project("ffn_down", h, width, inner);
            x = b.Sum($"{layer}.ffn_add", x, h);

            GraphValue Project(string name, GraphValue input, long rows, long columns) =>
                b.Linear($"{layer}.{name}", input, b.Weight($"{layer}.{name}.weight", rows, columns), b.Optional($"{layer}.{name}.bias", rows));
        }
        GraphValue hidden = b.RmsNorm("output_norm", x, b.Weight("output_norm.weight", width), m.NormEpsilon);
        GraphValue logits = b.LmHead("output", hidden, b.Optional("output.weight", vocabulary, width) ?? embedding);
        return new ModelGraph
        {
            Nodes = b.Nodes,
            CacheGroups = [new CacheGroup("full", CacheKind.Full, 0, caches)],
            VocabularySize = (int)vocabulary,
            Hidden = hidden,
            Logits = logits,
        };
    }

    /// <summary>The number of ids: as the metadata or the tokenizer says, else the embedding's rows.</summary>
    private static long VocabularySize(ModelSource source)
    {
        WeightTensor? embedding = Array.Find(source.Tensors, t => t.Name == "token_embd.weight");
        long said = source.Metadata.VocabularySize > 0 ? source.Metadata.VocabularySize : source.Tokenizer?.Tokens.Length ?? 0;
        long size = said > 0 ? said : embedding?.Rows ?? 0;
        return size is > 0 and <= 1 << 24
            ? size
            : throw Hyperparameters.Bad(source.Metadata, "vocab_size", $"1 to {1 << 24}", size);
    }

    /// <summary>Llama 3's per-frequency divisors, which conversion to GGUF stores as a tensor.</summary>
    private static unsafe ReadOnlySpan<float> Divisors(GraphBuilder b, int pairs)
    {
        const string Name = "rope_freqs.weight";
        if (b.Optional(Name, pairs) is not { } tensor)
            return [];
        if (tensor.Quantization != "f32" || tensor.Parts[0].Length != pairs * sizeof(float))
            throw new ModelFormatException($"tensor '{Name}': expected {pairs} values of type f32, found {tensor.Parts[0].Length} bytes of type {tensor.Quantization}");
        float[] values = MemoryMarshal.Cast<byte, float>(new ReadOnlySpan<byte>(tensor.Parts[0].Data, pairs * sizeof(float))).ToArray();
        foreach (float value in values)
            if (!float.IsFinite(value) || value == 0)
                throw new ModelFormatException($"tensor '{Name}': expected finite divisors other than 0, found {value}");
        return values;
    }
}
