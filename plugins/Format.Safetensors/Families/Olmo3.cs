using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>OLMo 3 (Olmo3Config): as OLMo 2, with a window on three layers of four; scaling is for the fourth only.</summary>
internal sealed class Olmo3 : IFamily
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["Olmo3ForCausalLM"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["olmo3"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        DecoderConfig c = new(input, new DecoderDefaults { Vocabulary = 50_304, Width = 4096, Inner = 11_008, Layers = 32, Heads = 32, Context = 2048, Epsilon = 1e-5, Window = 4096, RopeBase = 500_000 });
        c.RequireActivation("silu");
        bool bias = c.Flag("attention_bias", false);
        c.SetWindow(c.Window(), i => (i + 1) % 4 != 0);
        c.Rope = c.ReadRope("full_attention");
        if (c.ReadRope("sliding_attention") is var local && local.Base != c.Rope.Base)
            throw new UnsupportedModelException($"safetensors: {c.Section.Path}: rope_parameters: layers with a window that rotate by another base are not available for this family");
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
