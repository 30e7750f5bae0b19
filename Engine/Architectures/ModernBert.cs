using Tessera.Engine.Architectures.Blocks;

namespace Tessera.Engine.Architectures;

/// <summary>ModernBERT (arXiv 2412.13663): norms before attention and a gated feed-forward, layer 0's attention excepted; one layer of three sees the whole sequence, the others a window around each token, with a rotation of their own.</summary>
public sealed class ModernBert : IModelArchitecture
{
    private const int DefaultPeriod = 3;
    private const float DefaultLocalBase = 10_000;

    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["modern-bert"];

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        Decoder model = new(source);
        ModelMetadata m = model.Metadata;
        if (m.Attention.SlidingWindow is not 0 and < 2)
            throw Hyperparameters.Bad(m, "attention.sliding_window", "0 or at least 2", m.Attention.SlidingWindow);
        RopeTable rope = model.Rope();
        float localBase = Hyperparameters.Factor(m, "rope.freq_base_swa", DefaultLocalBase);
        if (localBase < 1)
            throw Hyperparameters.Bad(m, "rope.freq_base_swa", "a number of at least 1", localBase);
        RopeTable localRope = model.Rope(m.Rope with { Base = localBase });
        GraphValue x = EncoderLayers.EmbeddingNorm(model, model.Embed());
        for (int i = 0; i < model.LayerCount; i++)
        {
            bool isLocal = m.Attention.SlidingWindow > 0 && IsLocal(m, i);
            DecoderLayer layer = model.Layer(i);
            GraphValue h = i == 0 && !layer.Has("attn_norm.weight") ? x : layer.LayerNorm("attn_norm", x);
            Qkv a = layer.Rotate(layer.Project(h), isLocal ? localRope : rope);
            x = layer.Add("attn_add", x, layer.AttentionOutput(layer.AttendBothWays(a, isLocal ? m.Attention.SlidingWindow / 2 : 0)));
            h = layer.FusedGatedFeedForward(layer.LayerNorm("ffn_norm", x), model.Activation(Activation.Gelu));
            x = layer.Add("ffn_add", x, h);
        }
        return model.FinishEncoder(model.LayerNorm(x));
    }

    // As the file's pattern says, else all layers but the first of each so many.
    private static bool IsLocal(ModelMetadata m, int layer)
    {
        const string Key = "attention.sliding_window_pattern";
        if (m.ExtraLists.ContainsKey(Key))
            return Hyperparameters.OfLayer(m, Key, 0, layer) != 0;
        int period = (int)Hyperparameters.Extra(m, Key, DefaultPeriod, 1, int.MaxValue);
        return layer % period != 0;
    }
}
