using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>Granite 3 (GraniteConfig): as Llama, with factors on embeddings, scores, both blocks and logits.</summary>
internal sealed class Granite : IFamily
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["GraniteForCausalLM"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["granite"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        DecoderConfig c = new(input, new DecoderDefaults { Vocabulary = 32_000, Width = 4096, Inner = 11_008, Layers = 32, Heads = 32, Context = 2048 });
        c.RequireActivation("silu");
        bool bias = c.Flag("attention_bias", false), feedForwardBias = c.Flag("mlp_bias", false);
        c.Attention = c.Attention with { Scale = (float)(c.Section.Number("attention_multiplier") ?? 1) };
        c.Extra["embedding_scale"] = c.Section.Number("embedding_multiplier") ?? 1;
        c.Extra["residual_scale"] = c.Section.Number("residual_multiplier") ?? 1;
        c.Extra["logit_scale"] = c.Section.Number("logits_scaling") ?? 1;
        return new FamilyModel(c.Metadata("granite"), map =>
        {
            map.AddEnds(c.Tied);
            for (int i = 0; i < c.Layers; i++)
            {
                LayerMap layer = new(map, i);
                layer.Norms("input_layernorm", "post_attention_layernorm");
                layer.Attention(bias, bias);
                layer.GatedFeedForward(feedForwardBias);
            }
        });
    }
}
