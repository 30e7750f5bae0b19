using Tessera.Engine.Architectures.Blocks;

namespace Tessera.Engine.Architectures;

/// <summary>Qwen3 (arXiv 2505.09388), the dense ones: as Llama, with an RMS norm on each query and key head before the rotation.</summary>
public sealed class Qwen3 : IModelArchitecture
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["qwen3"];

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        Decoder model = new(source);
        RopeTable rope = model.Rope();
        GraphValue x = model.Embed();
        for (int i = 0; i < model.LayerCount; i++)
        {
            DecoderLayer layer = model.Layer(i, model.WindowOf(i));
            Qkv a = layer.Project(layer.RmsNorm("attn_norm", x));
            a = layer.Rotate(layer.RmsNormHeads(a), rope);
            x = layer.Add("attn_add", x, layer.AttentionOutput(layer.Attend(a)));
            GraphValue h = layer.RmsNorm("ffn_norm", x);
            x = layer.Add("ffn_add", x, layer.GatedFeedForward(h, Activation.Silu));
        }
        return model.Finish(model.RmsNorm(x));
    }
}
