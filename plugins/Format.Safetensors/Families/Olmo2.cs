using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>OLMo 2 (Olmo2Config): norms of all queries and keys, and after each block only.</summary>
internal sealed class Olmo2 : IFamily
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["Olmo2ForCausalLM"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["olmo2"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        DecoderConfig c = new(input, new DecoderDefaults { Vocabulary = 50_304, Width = 4096, Inner = 11_008, Layers = 32, Heads = 32, Context = 2048, Epsilon = 1e-5 });
        c.RequireActivation("silu");
        bool bias = c.Flag("attention_bias", false);
        return new FamilyModel(c.Metadata("olmo2"), map =>
        {
            map.AddEnds(c.Tied);
            for (int i = 0; i < c.Layers; i++)
            {
                LayerMap layer = new(map, i);
                layer.Add("post_attention_layernorm", "post_attention_norm");
                layer.Add("post_feedforward_layernorm", "post_ffw_norm");
                layer.Attention(bias, bias);
                layer.Add("self_attn.q_norm", "attn_q_norm");
                layer.Add("self_attn.k_norm", "attn_k_norm");
                layer.GatedFeedForward();
            }
        });
    }
}
