using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>StableLM 3B and StableLM 2 (StableLmConfig): layer norms, a part of each head rotates; the 12B norms each head by weights of its own and has no second norm.</summary>
internal sealed class StableLm : IFamily
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["StableLmForCausalLM", "StableLMEpochForCausalLM"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["stablelm", "stablelm_epoch"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        DecoderConfig c = new(input, new DecoderDefaults
        {
            Vocabulary = 50_304, Width = 2560, Inner = 6912, Layers = 32, Heads = 32, KeyHeads = 32, Context = 4096, EpsilonKey = "layer_norm_eps", Epsilon = 1e-5, PartialRotary = 0.25,
        });
        c.RequireActivation("silu");
        bool bias = c.Flag("use_qkv_bias", false), norms = c.Flag("qk_layernorm", false), parallel = c.Flag("use_parallel_residual", false);
        return new FamilyModel(c.Metadata("stablelm"), map =>
        {
            map.AddEnds(c.Tied, normBias: true);
            for (int i = 0; i < c.Layers; i++)
            {
                LayerMap layer = new(map, i);
                layer.Add("input_layernorm", "attn_norm", bias: true);
                if (!parallel)
                    layer.Add("post_attention_layernorm", "ffn_norm", bias: true);
                layer.Attention(bias, outputBias: false);
                if (norms)
                {
                    layer.Stack(Heads("q_layernorm", c.Attention.HeadCount), "attn_q_norm.weight");
                    layer.Stack(Heads("k_layernorm", c.Attention.KeyValueHeadCount), "attn_k_norm.weight");
                }
                layer.GatedFeedForward();
            }
        });
    }

    private static IEnumerable<string> Heads(string norm, int count) => Enumerable.Range(0, count).Select(h => $"self_attn.{norm}.norms.{h}.weight");
}
