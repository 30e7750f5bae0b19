using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>Command-R and Command-R+ (CohereConfig): layer norms without bias, attention beside the feed-forward, scaled logits, neighbours that rotate together.</summary>
internal sealed class Cohere : IFamily
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["CohereForCausalLM"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["cohere"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        DecoderConfig c = new(input, new DecoderDefaults
        {
            Vocabulary = 256_000, Width = 8192, Inner = 22_528, Layers = 40, Heads = 64, Context = 8192, EpsilonKey = "layer_norm_eps", Epsilon = 1e-5, Tied = true, RopeBase = 500_000, Pairing = RopePairing.Interleaved,
        });
        c.RequireActivation("silu");
        bool bias = c.Flag("attention_bias", false), norms = c.Flag("use_qk_norm", false);
        c.Extra["logit_scale"] = c.Section.Number("logit_scale") ?? 0.0625;
        return new FamilyModel(c.Metadata("command-r"), map =>
        {
            map.AddEnds(c.Tied);
            for (int i = 0; i < c.Layers; i++)
            {
                LayerMap layer = new(map, i);
                layer.Add("input_layernorm", "attn_norm");
                layer.Attention(bias, bias);
                if (norms)
                {
                    layer.Add("self_attn.q_norm", "attn_q_norm");
                    layer.Add("self_attn.k_norm", "attn_k_norm");
                }
                layer.GatedFeedForward();
            }
        });
    }
}
