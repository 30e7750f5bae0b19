using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>Gemma 3, its text part (Gemma3TextConfig): norms of each query and key head, five layers with a window to one without, and a rotation for each of the two.</summary>
internal sealed class Gemma3 : IFamily
{
    private const double DefaultLocalBase = 10_000;

    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["Gemma3ForCausalLM"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["gemma3_text"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        DecoderConfig c = new(input, new DecoderDefaults
        {
            Vocabulary = 262_208, Width = 2304, Inner = 9216, Layers = 26, Heads = 8, KeyHeads = 4, HeadLength = 256, Context = 131_072, ActivationKey = "hidden_activation", Activation = "gelu_pytorch_tanh", Tied = true, Window = 4096,
            RopeBase = 1e6,
        })
        { NormWeightsAreOffsets = true };
        c.RequireActivation("gelu_pytorch_tanh");
        c.Refuse("use_bidirectional_attention", "attention in both directions");
        bool bias = c.Flag("attention_bias", false);
        int period = c.Integer("sliding_window_pattern", c.Integer("_sliding_window_pattern", 6, 1), 1);
        c.SetWindow(c.Window(), i => (i + 1) % period != 0);
        c.Attention = c.Attention with { Scale = (float)Math.Pow(c.Integer("query_pre_attn_scalar", 256, 1), -0.5) };
        if (c.Section.Has("attn_logit_softcapping"))
            throw new UnsupportedModelException($"safetensors: {c.Section.Path}: attn_logit_softcapping: a soft cap of scores is not available for this family");
        c.Extra["final_logit_softcapping"] = c.Number("final_logit_softcapping", null) ?? 0;
        c.Rope = c.ReadRope("full_attention");
        c.Extra["rope.freq_base_swa"] = LocalBase(c.Section);
        return new FamilyModel(c.Metadata("gemma3"), map =>
        {
            map.AddEnds(c.Tied);
            for (int i = 0; i < c.Layers; i++)
            {
                LayerMap layer = new(map, i);
                layer.Add("input_layernorm", "attn_norm");
                layer.Add("post_attention_layernorm", "post_attention_norm");
                layer.Add("pre_feedforward_layernorm", "ffn_norm");
                layer.Add("post_feedforward_layernorm", "post_ffw_norm");
                layer.Attention(bias, bias);
                layer.Add("self_attn.q_norm", "attn_q_norm");
                layer.Add("self_attn.k_norm", "attn_k_norm");
                layer.GatedFeedForward();
            }
        });
    }

    private static double LocalBase(JsonSection config)
    {
        if (config.Section("rope_parameters")?.Section("sliding_attention") is not { } local)
            return config.Number("rope_local_base_freq") ?? DefaultLocalBase;
        if (local.Text("rope_type") is not (null or "default"))
            throw new UnsupportedModelException($"safetensors: {local.Path}: rope_type: scaling of the layers with a window is not available for this family");
        return local.Number("rope_theta") ?? DefaultLocalBase;
    }
}
