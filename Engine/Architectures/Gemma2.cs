using Tessera.Engine.Architectures.Blocks;

namespace Tessera.Engine.Architectures;

/// <summary>Gemma 2 (arXiv 2408.00118): as Gemma, with a window on every other layer, norms before and after each block, and soft caps on scores and logits.</summary>
public sealed class Gemma2 : IModelArchitecture
{
    private const int DefaultWindow = 4096, LayersOf27B = 46;
    private const string FinalCapKey = "final_logit_softcapping";
    private const float DefaultScoreCap = 50, DefaultLogitCap = 30;

    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["gemma2"];

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        Decoder model = new(source);
        ModelMetadata m = model.Metadata;
        int window = m.Attention.SlidingWindow == 0 ? DefaultWindow : m.Attention.SlidingWindow;
        float cap = m.Attention.LogitSoftCap == 0 && !SaysNone(m, "attn_logit_softcapping") ? DefaultScoreCap : m.Attention.LogitSoftCap;
        RopeTable rope = model.Rope();
        RopeTable localRope = model.Rope(m.Rope with { Base = Hyperparameters.Factor(m, "rope.freq_base_swa", m.Rope.Base) });
        GraphValue x = model.Embed(MathF.Sqrt(model.Width));
        for (int i = 0; i < model.LayerCount; i++)
        {
            bool isLocal = model.IsLocal(i, period: 2);
            DecoderLayer layer = model.Layer(i, isLocal ? window : 0);
            Qkv a = layer.Project(layer.RmsNorm("attn_norm", x));
            a = layer.Rotate(a, isLocal ? localRope : rope);
            GraphValue h = layer.AttentionOutput(layer.Attend(a, Scale(m, layer.Shape), cap));
            x = layer.Add("attn_add", x, layer.RmsNorm("post_attention_norm", h));
            h = layer.GatedFeedForward(layer.RmsNorm("ffn_norm", x), Activation.GeluTanh);
            x = layer.Add("ffn_add", x, layer.RmsNorm("post_ffw_norm", h));
        }
        return model.Finish(model.RmsNorm(x), softCap: SaysNone(m, FinalCapKey) ? 0 : Hyperparameters.Factor(m, FinalCapKey, DefaultLogitCap));
    }

    private static bool SaysNone(ModelMetadata m, string key) => m.Extra.TryGetValue(key, out double cap) && cap == 0;

    // GGUF has no key for the 27B's scale, which follows from its width instead of its head length.
    private static float Scale(ModelMetadata m, AttentionShape shape) =>
        m.Attention.Scale == 0 && m.LayerCount == LayersOf27B ? 1 / MathF.Sqrt(m.EmbeddingLength / shape.Heads) : shape.Scale;
}
