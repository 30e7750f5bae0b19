using Tessera.Engine.Architectures.Blocks;

namespace Tessera.Engine.Architectures;

/// <summary>The Llama family (arXiv 2302.13971): RMS norm, rotary embedding, grouped-query attention, SwiGLU; tied or separate embeddings; a window where the file has one. Layers with a router are Mixtral's (arXiv 2401.04088): the best of a softmax over all experts, weighted by their share among the chosen.</summary>
public sealed class Llama : IModelArchitecture
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["llama"];

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        Decoder model = new(source);
        Experts? experts = Experts.Has(model) ? new(model, ExpertScoring.Softmax, normalize: true) : null;
        RopeTable rope = model.Rope();
        GraphValue x = model.Embed();
        for (int i = 0; i < model.LayerCount; i++)
        {
            DecoderLayer layer = model.Layer(i, model.Metadata.Attention.SlidingWindow);
            Qkv a = layer.Project(layer.RmsNorm("attn_norm", x));
            a = layer.Rotate(a, rope);
            x = layer.Add("attn_add", x, layer.AttentionOutput(layer.Attend(a)));
            GraphValue h = layer.RmsNorm("ffn_norm", x);
            h = experts is not null && Experts.Has(layer) ? experts.Mix(layer, h, Activation.Silu) : layer.GatedFeedForward(h, Activation.Silu);
            x = layer.Add("ffn_add", x, h);
        }
        return model.Finish(model.RmsNorm(x));
    }
}
