using Tessera.Engine.Architectures.Blocks;

namespace Tessera.Engine.Architectures;

/// <summary>Qwen3 with experts (arXiv 2505.09388): normed query and key heads; the best of a softmax over all experts, weighted by their share among the chosen, or, where the file says so, of all. Layers without a router are dense.</summary>
public sealed class Qwen3Moe : IModelArchitecture
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["qwen3moe"];

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        Decoder model = new(source);
        Experts experts = new(model, ExpertScoring.Softmax, normalize: Hyperparameters.Extra(model.Metadata, "expert_weights_norm", 1, 0, 1) != 0);
        RopeTable rope = model.Rope();
        GraphValue x = model.Embed();
        for (int i = 0; i < model.LayerCount; i++)
        {
            DecoderLayer layer = model.Layer(i, model.WindowOf(i));
            GraphValue h = layer.RmsNorm("attn_norm", x);
            h = layer.AttentionOutput(layer.Attend(layer.Rotate(layer.RmsNormHeads(layer.Project(h)), rope)));
            x = layer.Add("attn_add", x, h);
            h = layer.RmsNorm("ffn_norm", x);
            h = Experts.Has(layer) ? experts.Mix(layer, h, Activation.Silu) : layer.GatedFeedForward(h, Activation.Silu);
            x = layer.Add("ffn_add", x, h);
        }
        return model.Finish(model.RmsNorm(x));
    }
}
