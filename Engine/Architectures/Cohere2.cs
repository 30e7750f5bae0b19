using Tessera.Engine.Architectures.Blocks;

namespace Tessera.Engine.Architectures;

/// <summary>Command R7B and Command A (arXiv 2504.00698): as Command-R, with a window on three layers of four; only these rotate.</summary>
public sealed class Cohere2 : IModelArchitecture
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["cohere2"];

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        Decoder model = new(source);
        ModelMetadata m = model.Metadata;
        if (m.Attention.SlidingWindow == 0)
            throw Hyperparameters.Bad(m, "attention.sliding_window", "at least 1", "none");
        RopeTable rope = model.Rope();
        GraphValue x = model.Embed();
        for (int i = 0; i < model.LayerCount; i++)
        {
            bool isLocal = model.IsLocal(i, period: 4);
            DecoderLayer layer = model.Layer(i, isLocal ? m.Attention.SlidingWindow : 0);
            GraphValue h = layer.LayerNorm("attn_norm", x);
            Qkv a = layer.Project(h);
            if (isLocal)
                a = layer.Rotate(a, rope);
            GraphValue attention = layer.AttentionOutput(layer.Attend(a));
            GraphValue feedForward = layer.GatedFeedForward(h, Activation.Silu);
            x = layer.Add("attn_add", layer.Add("ffn_add", x, feedForward), attention);
        }
        return model.Finish(model.LayerNorm(x), Hyperparameters.NeededFactor(m, "logit_scale"));
    }
}
