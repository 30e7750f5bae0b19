using Tessera.Engine.Architectures.Blocks;

namespace Tessera.Engine.Architectures;

/// <summary>SmolLM3 (Hugging Face SmolLM3ForCausalLM): as Llama, and every fourth layer, or those that the file names, does not rotate (arXiv 2501.18795).</summary>
public sealed class SmolLm3 : IModelArchitecture
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["smollm3"];

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
            if (Hyperparameters.OfLayer(model.Metadata, "rope.layers", i % 4 != 3 ? 1 : 0, i) != 0)
                a = layer.Rotate(a, rope);
            x = layer.Add("attn_add", x, layer.AttentionOutput(layer.Attend(a)));
            GraphValue h = layer.RmsNorm("ffn_norm", x);
            x = layer.Add("ffn_add", x, layer.GatedFeedForward(h, Activation.Silu));
        }
        return model.Finish(model.RmsNorm(x));
    }
}
