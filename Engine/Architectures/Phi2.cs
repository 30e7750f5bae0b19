using Tessera.Engine.Architectures.Blocks;

namespace Tessera.Engine.Architectures;

/// <summary>Phi-1.5 and Phi-2 (arXiv 2309.05463): layer norm, biases everywhere, and attention beside a plain GELU feed-forward on the same norm; part of each head rotates.</summary>
public sealed class Phi2 : IModelArchitecture
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["phi2"];

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        Decoder model = new(source) { NeedsBiases = true };
        RopeTable rope = model.Rope();
        GraphValue x = model.Embed();
        for (int i = 0; i < model.LayerCount; i++)
        {
            DecoderLayer layer = model.Layer(i);
            GraphValue h = layer.LayerNorm("attn_norm", x);
            Qkv a = layer.Rotate(layer.Project(h), rope);
            GraphValue attention = layer.AttentionOutput(layer.Attend(a));
            GraphValue feedForward = layer.FeedForward(h, Activation.GeluTanh);
            x = layer.Add("ffn_add", x, layer.Add("attn_add", attention, feedForward));
        }
        return model.Finish(model.LayerNorm(x));
    }
}
