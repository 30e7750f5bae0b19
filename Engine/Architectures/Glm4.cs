using Tessera.Engine.Architectures.Blocks;

namespace Tessera.Engine.Architectures;

/// <summary>GLM-4-0414 (arXiv 2406.12793; Hugging Face Glm4ForCausalLM): RMS norms before and after each block, biases on queries, keys and values, fused SwiGLU; part of each head rotates.</summary>
public sealed class Glm4 : IModelArchitecture
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["glm4"];

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        Decoder model = new(source);
        if (model.Metadata.ExtraLists.TryGetValue("rope.dimension_sections", out double[]? sections) && sections.Any(s => s != 0))
            throw new UnsupportedModelException($"{model.Metadata.Architecture}.rope.dimension_sections: rotation in sections, for images, is not available for this family");
        RopeTable rope = model.Rope();
        GraphValue x = model.Embed();
        for (int i = 0; i < model.LayerCount; i++)
        {
            DecoderLayer layer = model.Layer(i);
            Qkv a = layer.Project(layer.RmsNorm("attn_norm", x));
            a = layer.Rotate(a, rope);
            GraphValue h = layer.AttentionOutput(layer.Attend(a));
            x = layer.Add("attn_add", x, layer.RmsNorm("post_attention_norm", h));
            h = layer.FusedGatedFeedForward(layer.RmsNorm("ffn_norm", x), Activation.Silu);
            x = layer.Add("ffn_add", x, layer.RmsNorm("post_ffw_norm", h));
        }
        return model.Finish(model.RmsNorm(x));
    }
}
