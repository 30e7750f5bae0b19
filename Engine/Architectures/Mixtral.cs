using Tessera.Engine.Architectures.Blocks;

namespace Tessera.Engine.Architectures;

/// <summary>Mixtral (arXiv 2401.04088), which GGUF calls Llama and gives experts: a layer's feed-forward is the best of a softmax over all experts, weighted by their share among the chosen. Layers without a router are dense.</summary>
public sealed class Mixtral : IModelArchitecture
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["llama"];

    /// <inheritdoc/>
    public bool Builds(ModelMetadata metadata) => Names.Contains(metadata.Architecture) && Experts.In(metadata);

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        Decoder model = new(source);
        Experts experts = new(model, ExpertScoring.Softmax, normalize: true);
        RopeTable rope = model.Rope();
        GraphValue x = model.Embed();
        for (int i = 0; i < model.LayerCount; i++)
        {
            DecoderLayer layer = model.Layer(i, model.Metadata.Attention.SlidingWindow);
            Qkv a = layer.Rotate(layer.Project(layer.RmsNorm("attn_norm", x)), rope);
            x = layer.Add("attn_add", x, layer.AttentionOutput(layer.Attend(a)));
            GraphValue h = layer.RmsNorm("ffn_norm", x);
            h = Experts.Has(layer) ? experts.Mix(layer, h, Activation.Silu) : layer.GatedFeedForward(h, Activation.Silu);
            x = layer.Add("ffn_add", x, h);
        }
        return model.Finish(model.RmsNorm(x));
    }
}
