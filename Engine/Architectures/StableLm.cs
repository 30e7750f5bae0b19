using Tessera.Engine.Architectures.Blocks;

namespace Tessera.Engine.Architectures;

/// <summary>StableLM 3B (stability.ai) and StableLM 2 (arXiv 2402.17834): layer norm, part of each head rotates, SwiGLU; the 12B has a layer norm on each query and key head, and no second norm: its feed-forward stands beside attention.</summary>
public sealed class StableLm : IModelArchitecture
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["stablelm"];

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        Decoder model = new(source);
        RopeTable rope = model.Rope();
        GraphValue x = model.Embed();
        for (int i = 0; i < model.LayerCount; i++)
        {
            DecoderLayer layer = model.Layer(i);
            GraphValue h = layer.LayerNorm("attn_norm", x);
            Qkv a = layer.LayerNormHeads(layer.Project(h));
            a = layer.Rotate(a, rope);
            x = layer.Add("attn_add", x, layer.AttentionOutput(layer.Attend(a)));
            if (layer.Has("ffn_norm.weight"))
                h = layer.LayerNorm("ffn_norm", x);
            x = layer.Add("ffn_add", x, layer.GatedFeedForward(h, Activation.Silu));
        }
        return model.Finish(model.LayerNorm(x));
    }
}
