using Tessera.Engine.Architectures.Blocks;

namespace Tessera.Engine.Architectures;

/// <summary>Gemma 3 (arXiv 2503.19786), its text part: as Gemma 2 with RMS norms on each query and key head in place of the soft cap, five layers with a window to one without; only the latter rotate slowly.</summary>
public sealed class Gemma3 : IModelArchitecture
{
    private const int LayersOf27B = 62;
    private const float DefaultLocalBase = 10_000;

    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["gemma3"];

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        Decoder model = new(source);
        ModelMetadata m = model.Metadata;
        int window = m.Attention.SlidingWindow;
        RopeTable rope = model.Rope();
        RopeTable localRope = model.Rope(new RopeMetadata { Pairing = m.Rope.Pairing, Dimensions = m.Rope.Dimensions, Base = Hyperparameters.Factor(m, "rope.freq_base_swa", DefaultLocalBase) });
        GraphValue x = model.Embed(MathF.Sqrt(model.Width));
        for (int i = 0; i < model.LayerCount; i++)
        {
            bool isLocal = window > 0 && model.IsLocal(i, period: 6);
            DecoderLayer layer = model.Layer(i, isLocal ? window : 0);
            Qkv a = layer.Project(layer.RmsNorm("attn_norm", x));
            a = layer.Rotate(layer.RmsNormHeads(a), isLocal ? localRope : rope);
            GraphValue h = layer.AttentionOutput(layer.Attend(a, Scale(m, layer.Shape)));
            x = layer.Add("attn_add", x, layer.RmsNorm("post_attention_norm", h));
            h = layer.GatedFeedForward(layer.RmsNorm("ffn_norm", x), Activation.GeluTanh);
            x = layer.Add("ffn_add", x, layer.RmsNorm("post_ffw_norm", h));
        }
        return model.Finish(model.RmsNorm(x), softCap: Hyperparameters.Factor(m, "final_logit_softcapping", 0));
    }

    // GGUF has no key for the 27B's scale, which follows from its width instead of its head length.
    private static float Scale(ModelMetadata m, AttentionShape shape) =>
        m.Attention.Scale == 0 && m.LayerCount == LayersOf27B ? 1 / MathF.Sqrt(m.EmbeddingLength / shape.Heads) : shape.Scale;
}
