using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>Gemma 2 (Gemma2Config): soft caps, a window on every other layer, norms before and after each block.</summary>
internal sealed class Gemma2 : IFamily
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["Gemma2ForCausalLM"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["gemma2"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        DecoderConfig c = new(input, new DecoderDefaults
        {
            Vocabulary = 256_000, Width = 2304, Inner = 9216, Layers = 26, Heads = 8, KeyHeads = 4, HeadLength = 256, Context = 8192, ActivationKey = "hidden_activation", Activation = "gelu_pytorch_tanh", Tied = true, Window = 4096,
        })
        { NormWeightsAreOffsets = true };
        c.RequireActivation("gelu_pytorch_tanh");
        c.Refuse("use_bidirectional_attention", "attention in both directions");
        bool bias = c.Flag("attention_bias", false);
        c.SetWindow(c.Window(), i => i % 2 == 0);
        c.Attention = c.Attention with { Scale = (float)Math.Pow(c.Integer("query_pre_attn_scalar", 256, 1), -0.5), LogitSoftCap = (float)(c.Number("attn_logit_softcapping", 50) ?? 0) };
        // 0 is said of both caps: where nothing is said, the family has its own.
        if (c.Attention.LogitSoftCap == 0)
            c.Extra["attn_logit_softcapping"] = 0;
        c.Extra["final_logit_softcapping"] = c.Number("final_logit_softcapping", 30) ?? 0;
        return new FamilyModel(c.Metadata("gemma2"), map =>
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
                layer.GatedFeedForward();
            }
        });
    }
}
