using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>Llama 1 to 3 and what is built alike (LlamaConfig).</summary>
internal sealed class Llama : IFamily
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["LlamaForCausalLM", "LLaMAForCausalLM"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["llama"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        DecoderConfig c = new(input, new DecoderDefaults { Vocabulary = 32_000, Width = 4096, Inner = 11_008, Layers = 32, Heads = 32, Context = 2048 });
        c.RequireActivation("silu");
        bool attentionBias = c.Flag("attention_bias", false), feedForwardBias = c.Flag("mlp_bias", false);
        return new FamilyModel(c.Metadata("llama"), map =>
        {
            map.AddEnds(c.Tied);
            for (int i = 0; i < c.Layers; i++)
            {
                LayerMap layer = new(map, i);
                layer.Norms("input_layernorm", "post_attention_layernorm");
                layer.Attention(attentionBias, attentionBias);
                layer.GatedFeedForward(feedForwardBias);
            }
        });
    }
}
