using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>Phi-3, Phi-3.5 and Phi-4 (Phi3Config): fused matrices, LongRoPE, which older files call su or yarn.</summary>
internal sealed class Phi3 : IFamily
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["Phi3ForCausalLM"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["phi3"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        DecoderConfig c = new(input, new DecoderDefaults { Vocabulary = 32_064, Width = 3072, Inner = 8192, Layers = 32, Heads = 32, Context = 4096, Epsilon = 1e-5, YarnIsLongRope = true });
        c.RequireActivation("silu");
        c.Attention = c.Attention with { SlidingWindow = c.Window() };
        return new FamilyModel(c.Metadata("phi3"), map =>
        {
            map.AddEnds(c.Tied);
            for (int i = 0; i < c.Layers; i++)
            {
                LayerMap layer = new(map, i);
                layer.Norms("input_layernorm", "post_attention_layernorm");
                layer.Add("self_attn.qkv_proj", "attn_qkv");
                layer.Add("self_attn.o_proj", "attn_output");
                layer.Add("mlp.gate_up_proj", "ffn_up");
                layer.Add("mlp.down_proj", "ffn_down");
            }
        });
    }
}
