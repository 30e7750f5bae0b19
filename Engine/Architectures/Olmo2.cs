using Tessera.Engine.Architectures.Blocks;

namespace Tessera.Engine.Architectures;

/// <summary>OLMo 2 (arXiv 2501.00656): RMS norms on all queries and all keys of a token and after each block, none before; with a window on three layers of four also OLMo 3, whose long-context scaling is for the fourth only.</summary>
public sealed class Olmo2 : IModelArchitecture
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["olmo2"];

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        Decoder model = new(source);
        ModelMetadata m = model.Metadata;
        int window = m.Attention.SlidingWindow;
        RopeTable rope = model.Rope();
        RopeTable localRope = model.Rope(m.Rope with { Scaling = RopeScaling.None, Factor = 0, AttentionFactor = 0 });
        GraphValue x = model.Embed();
        for (int i = 0; i < model.LayerCount; i++)
        {
            bool isLocal = window > 0 && model.IsLocal(i, period: 4);
            DecoderLayer layer = model.Layer(i, isLocal ? window : 0);
            Qkv a = layer.Project(x);
            a = a with { Query = layer.RmsNorm("attn_q_norm", a.Query), Key = layer.RmsNorm("attn_k_norm", a.Key) };
            a = layer.Rotate(a, isLocal ? localRope : rope);
            GraphValue h = layer.AttentionOutput(layer.Attend(a));
            x = layer.Add("attn_add", x, layer.RmsNorm("post_attention_norm", h));
            h = layer.GatedFeedForward(x, Activation.Silu);
            x = layer.Add("ffn_add", x, layer.RmsNorm("post_ffw_norm", h));
        }
        return model.Finish(model.RmsNorm(x));
    }
}
