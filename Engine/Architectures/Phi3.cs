using Tessera.Engine.Architectures.Blocks;

namespace Tessera.Engine.Architectures;

/// <summary>Phi-3 (arXiv 2404.14219): as Llama, with fused projections, rotations of short and long sequences (LongRoPE, arXiv 2402.13753), and a window where the file has one.</summary>
public sealed class Phi3 : IModelArchitecture
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["phi3"];

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        Decoder model = new(source);
        RopeTable rope = model.Rope();
        // The models for long contexts name a window as long as these: it hides nothing.
        int window = model.Metadata.Attention.SlidingWindow < contextLength ? model.Metadata.Attention.SlidingWindow : 0;
        GraphValue x = model.Embed();
        for (int i = 0; i < model.LayerCount; i++)
        {
            DecoderLayer layer = model.Layer(i, window);
            GraphValue h = layer.RmsNorm("attn_norm", x);
            h = layer.AttentionOutput(layer.Attend(layer.Rotate(layer.Project(h), rope)));
            x = layer.Add("attn_add", x, h);
            h = layer.RmsNorm("ffn_norm", x);
            h = layer.FusedGatedFeedForward(h, Activation.Silu);
            x = layer.Add("ffn_add", x, h);
        }
        return model.Finish(model.RmsNorm(x));
    }
}
