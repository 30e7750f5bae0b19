using Tessera.Engine.Architectures.Blocks;

namespace Tessera.Engine.Architectures;

/// <summary>The Llama family (arXiv 2302.13971): RMS norm, rotary embedding, grouped-query attention, SwiGLU; tied or separate embeddings; a window where the file has one, as Mistral's (arXiv 2310.06825).</summary>
public sealed class Llama : IModelArchitecture
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["llama"];

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        Decoder model = new(source);
        if (Hyperparameters.Extra(model.Metadata, "expert_count", 0, 0, int.MaxValue) is > 0 and var experts)
            throw new UnsupportedModelException($"{model.Metadata.Architecture}.expert_count: mixture of experts ({experts} experts) is not available for this family");
        RopeTable rope = model.Rope();
        GraphValue x = model.Embed();
        for (int i = 0; i < model.LayerCount; i++)
        {
            DecoderLayer layer = model.Layer(i, model.Metadata.Attention.SlidingWindow);
            GraphValue h = layer.RmsNorm("attn_norm", x);
            h = layer.AttendAndProject(layer.Rotate(layer.Project(h), rope));
            x = layer.Add("attn_add", x, h);
            h = layer.RmsNorm("ffn_norm", x);
            h = layer.GatedFeedForward(h, Activation.Silu);
            x = layer.Add("ffn_add", x, h);
        }
        return model.Finish(model.RmsNorm(x));
    }
}
