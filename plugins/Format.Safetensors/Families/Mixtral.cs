using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>Mixtral (MixtralConfig): experts, weighted by their share of the softmax among the chosen.</summary>
internal sealed class Mixtral : IFamily
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["MixtralForCausalLM"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["mixtral"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        DecoderConfig c = new(input, new DecoderDefaults { Vocabulary = 32_000, Width = 4096, Inner = 14_336, Layers = 32, Heads = 32, KeyHeads = 8, Context = 131_072, Epsilon = 1e-5, RopeBase = 1e6 });
        c.RequireActivation("silu");
        c.Attention = c.Attention with { SlidingWindow = c.Window() };
        int experts = c.Integer("num_local_experts", 8, 1, 4096);
        c.Extra["expert_count"] = experts;
        c.Extra["expert_used_count"] = c.Integer("num_experts_per_tok", 2, 1, experts);
        return new FamilyModel(c.Metadata("llama"), map =>
        {
            map.AddEnds(c.Tied);
            for (int i = 0; i < c.Layers; i++)
            {
                LayerMap layer = new(map, i);
                layer.Norms("input_layernorm", "post_attention_layernorm");
                layer.Attention(bias: false, outputBias: false);
                string module = layer.Has("mlp.gate.weight") ? "mlp" : "block_sparse_moe";
                layer.Add($"{module}.gate", "ffn_gate_inp");
                ExpertMap.Add(layer, module, experts, "w1", "w3", "w2");
            }
        });
    }
}
