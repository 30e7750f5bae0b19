using Tessera.Engine.Architectures.Blocks;

namespace Tessera.Engine.Architectures;

/// <summary>StarCoder2 (arXiv 2402.19173): layer norm, biases everywhere, a plain GELU feed-forward; a sliding window where the file has one.</summary>
public sealed class StarCoder2 : IModelArchitecture
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["starcoder2"];

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        Decoder model = new(source) { NeedsBiases = true };
        RopeTable rope = model.Rope();
        GraphValue x = model.Embed();
        for (int i = 0; i < model.LayerCount; i++)
        {
            DecoderLayer layer = model.Layer(i, model.Metadata.Attention.SlidingWindow);
            Qkv a = layer.Project(layer.LayerNorm("attn_norm", x));
            a = layer.Rotate(a, rope);
            x = layer.Add("attn_add", x, layer.AttentionOutput(layer.Attend(a)));
            GraphValue h = layer.LayerNorm("ffn_norm", x);
            x = layer.Add("ffn_add", x, layer.FeedForward(h, Activation.GeluTanh));
        }
        return model.Finish(model.LayerNorm(x));
    }
}
