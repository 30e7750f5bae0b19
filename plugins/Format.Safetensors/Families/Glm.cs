using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>GLM-4 of June 2024 (GlmConfig): as Llama, with fused gate and up; neighbours in the first half of each head rotate.</summary>
internal sealed class Glm : IFamily
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["GlmForCausalLM"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["glm"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        DecoderConfig c = new(input, new DecoderDefaults
        {
            Vocabulary = 151_552, Width = 4096, Inner = 13_696, Layers = 40, Heads = 32, KeyHeads = 2, HeadLength = 128, Context = 131_072, Epsilon = 1.5625e-7, PartialRotary = 0.5, Pairing = RopePairing.Interleaved,
        });
        c.RequireActivation("silu");
        bool bias = c.Flag("attention_bias", true);
        return new FamilyModel(c.Metadata("chatglm"), map =>
        {
            map.AddEnds(c.Tied);
            for (int i = 0; i < c.Layers; i++)
            {
                LayerMap layer = new(map, i);
                layer.Add("input_layernorm", "attn_norm");
                layer.Add("post_attention_layernorm", "ffn_norm");
                layer.Attention(bias, outputBias: false);
                layer.Add("mlp.gate_up_proj", "ffn_up");
                layer.Add("mlp.down_proj", "ffn_down");
            }
        });
    }
}
