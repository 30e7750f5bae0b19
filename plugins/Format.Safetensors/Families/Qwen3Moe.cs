using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>Qwen3 with experts (Qwen3MoeConfig); some layers may be dense.</summary>
internal sealed class Qwen3Moe : IFamily
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["Qwen3MoeForCausalLM"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["qwen3_moe"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        DecoderConfig c = new(input, new DecoderDefaults { Vocabulary = 151_936, Width = 2048, Inner = 6144, Layers = 24, Heads = 32, KeyHeads = 4, Context = 32_768, Window = 4096 });
        c.RequireActivation("silu");
        bool bias = c.Flag("attention_bias", false);
        if (c.Flag("use_sliding_window", false))
            c.SetWindow(c.Window(), _ => true);
        int experts = c.Section.Has("num_experts") ? c.Integer("num_experts", 0, 1, 4096) : c.Integer("num_local_experts", 128, 1, 4096);
        int step = c.Integer("decoder_sparse_step", 1, 1);
        HashSet<double> dense = [.. c.Section.Numbers("mlp_only_layers") ?? []];
        c.Extra["expert_count"] = experts;
        c.Extra["expert_used_count"] = c.Integer("num_experts_per_tok", 8, 1, experts);
        c.Extra["expert_feed_forward_length"] = c.Integer("moe_intermediate_size", 768, 1);
        c.Extra["expert_weights_norm"] = c.Flag("norm_topk_prob", false) ? 1 : 0;
        return new FamilyModel(c.Metadata("qwen3moe"), map =>
        {
            map.AddEnds(c.Tied);
            for (int i = 0; i < c.Layers; i++)
            {
                LayerMap layer = new(map, i);
                layer.Norms("input_layernorm", "post_attention_layernorm");
                layer.Attention(bias, bias);
                layer.Add("self_attn.q_norm", "attn_q_norm");
                layer.Add("self_attn.k_norm", "attn_k_norm");
                if (dense.Contains(i) || (i + 1) % step != 0)
                {
                    layer.GatedFeedForward();
                    continue;
                }
                layer.Add("mlp.gate", "ffn_gate_inp");
                ExpertMap.Add(layer, "mlp", experts);
            }
        });
    }
}
