using Tessera.Engine.Architectures.Blocks;

namespace Tessera.Engine.Architectures;

/// <summary>Mistral 7B (arXiv 2310.06825) where a format does not call it Llama: as Llama, and every layer sees a sliding window.</summary>
public sealed class Mistral : IModelArchitecture
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["mistral"];

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        Decoder model = new(source);
        RopeTable rope = model.Rope();
        GraphValue x = model.Embed();
        for (int i = 0; i < model.LayerCount; i++)
        {
            DecoderLayer layer = model.Layer(i, model.Metadata.Attention.SlidingWindow);
            Qkv a = layer.Project(layer.RmsNorm("attn_norm", x));
            a = layer.Rotate(a, rope);
            x = layer.Add("attn_add", x, layer.AttentionOutput(layer.Attend(a)));
            GraphValue h = layer.RmsNorm("ffn_norm", x);
            x = layer.Add("ffn_add", x, layer.GatedFeedForward(h, Activation.Silu));
        }
        return model.Finish(model.RmsNorm(x));
    }
}
