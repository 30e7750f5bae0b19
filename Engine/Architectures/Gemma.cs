using Tessera.Engine.Architectures.Blocks;

namespace Tessera.Engine.Architectures;

/// <summary>Gemma (arXiv 2403.08295): embeddings scaled by the root of the width, RMS norms, gated GELU; heads may be wider than their share.</summary>
public sealed class Gemma : IModelArchitecture
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["gemma"];

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        Decoder model = new(source);
        RopeTable rope = model.Rope();
        GraphValue x = model.Embed(MathF.Sqrt(model.Width));
        for (int i = 0; i < model.LayerCount; i++)
        {
            DecoderLayer layer = model.Layer(i);
            Qkv a = layer.Project(layer.RmsNorm("attn_norm", x));
            a = layer.Rotate(a, rope);
            x = layer.Add("attn_add", x, layer.AttentionOutput(layer.Attend(a)));
            GraphValue h = layer.RmsNorm("ffn_norm", x);
            x = layer.Add("ffn_add", x, layer.GatedFeedForward(h, Activation.GeluTanh));
        }
        return model.Finish(model.RmsNorm(x));
    }
}
