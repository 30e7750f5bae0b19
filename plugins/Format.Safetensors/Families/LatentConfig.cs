using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>What the classes with latent attention take where config.json is silent.</summary>
internal sealed record LatentDefaults
{
    /// <summary><c>n_shared_experts</c>.</summary>
    public required int ExpertsShared { get; init; }

    /// <summary><c>n_routed_experts</c>.</summary>
    public required int Experts { get; init; }

    /// <summary><c>moe_intermediate_size</c>.</summary>
    public required int ExpertInner { get; init; }

    /// <summary><c>num_experts_per_tok</c>; 0: it must be there.</summary>
    public required int Used { get; init; }

    /// <summary><c>first_k_dense_replace</c>.</summary>
    public required int DenseLayers { get; init; }

    /// <summary><c>routed_scaling_factor</c>.</summary>
    public required double Scale { get; init; }

    /// <summary><c>norm_topk_prob</c>.</summary>
    public required bool Normalize { get; init; }
}

/// <summary>Latent attention and experts of the DeepSeek families (arXiv 2405.04434, 2412.19437): numbers and names.</summary>
internal sealed class LatentConfig
{
    private const int MostRank = 1 << 16, MostExperts = 4096;

    private readonly DecoderConfig _c;
    private readonly int _queryRank, _experts, _shared, _dense;
    private readonly bool _bias;

    /// <summary>Reads the numbers into a configuration.</summary>
    public LatentConfig(DecoderConfig c, LatentDefaults defaults)
    {
        _c = c;
        int rotating = c.Integer("qk_rope_head_dim", 64, 2, MostRank), plain = c.Integer("qk_nope_head_dim", 128, 1, MostRank), value = c.Integer("v_head_dim", 128, 1, MostRank);
        c.Attention = c.Attention with { KeyValueHeadCount = c.Attention.HeadCount, KeyLength = plain + rotating, ValueLength = value };
        c.Rope = Rope(rotating);
        _queryRank = c.Section.Names("q_lora_rank") ? c.Integer("q_lora_rank", 0, 1, MostRank) : 1536;
        if (_queryRank > 0)
            c.Extra["attention.q_lora_rank"] = _queryRank;
        c.Extra["attention.kv_lora_rank"] = c.Integer("kv_lora_rank", 512, 1, MostRank);
        _experts = c.Integer("n_routed_experts", defaults.Experts, 1, MostExperts);
        _shared = c.Section.Names("n_shared_experts") ? c.Integer("n_shared_experts", 0, 0, MostExperts) : defaults.ExpertsShared;
        _dense = c.Integer("first_k_dense_replace", defaults.DenseLayers, 0, c.Layers);
        _bias = c.Flag("attention_bias", false);
        if (c.Integer("moe_layer_freq", 1, 1) != 1)
            throw new UnsupportedModelException($"safetensors: {c.Section.Path}: moe_layer_freq: dense layers between those with experts are not available for this family");
        c.Extra["expert_count"] = _experts;
        c.Extra["expert_used_count"] = c.Integer("num_experts_per_tok", defaults.Used, 1, _experts);
        c.Extra["expert_feed_forward_length"] = c.Integer("moe_intermediate_size", defaults.ExpertInner, 1);
        c.Extra["expert_shared_count"] = _shared;
        c.Extra["expert_weights_norm"] = c.Flag("norm_topk_prob", defaults.Normalize) ? 1 : 0;
        c.Extra["expert_weights_scale"] = c.Section.Number("routed_scaling_factor") ?? defaults.Scale;
        c.Extra["leading_dense_block_count"] = _dense;
    }

    /// <summary>Sets the groups that experts are chosen in.</summary>
    public void SetGroups(int groups, int used)
    {
        _c.Extra["expert_group_count"] = groups;
        _c.Extra["expert_group_used_count"] = used;
    }

    /// <summary>The model.</summary>
    /// <param name="selectionBias">Whether a bias takes part where experts are chosen.</param>
    public FamilyModel Model(bool selectionBias) => new(_c.Metadata("deepseek2"), map =>
    {
        map.AddEnds(_c.Tied);
        for (int i = 0; i < _c.Layers; i++)
        {
            LayerMap layer = new(map, i);
            layer.Norms("input_layernorm", "post_attention_layernorm");
            AddAttention(layer);
            if (i < _dense)
                layer.GatedFeedForward();
            else
                AddExperts(layer, selectionBias);
        }
    });

    // YaRN's magnitude goes into the scores, for the part that mscale_all_dim says; the factor on cos and sin is then the whole one.
    private RopeMetadata Rope(int rotating)
    {
        RopeMetadata rope = _c.ReadRope(headLength: rotating);
        JsonSection? scaling = _c.Section.Section("rope_parameters") ?? _c.Section.Section("rope_scaling");
        if (rope.Scaling != RopeScaling.Yarn || scaling?.Number("mscale_all_dim") is not { } all || all == 0)
            return rope;
        _c.Extra["rope.scaling.yarn_log_multiplier"] = 0.1 * all;
        return rope.Factor <= 1 ? rope : rope with { AttentionFactor = (float)(rope.AttentionFactor * RopeConfig.Magnitude(rope.Factor)) };
    }

    private void AddAttention(LayerMap layer)
    {
        if (_queryRank > 0)
        {
            layer.Add("self_attn.q_a_proj", "attn_q_a", _bias);
            layer.Add("self_attn.q_a_layernorm", "attn_q_a_norm");
            layer.Add("self_attn.q_b_proj", "attn_q_b");
        }
        else
            layer.Add("self_attn.q_proj", "attn_q");
        layer.Add("self_attn.kv_a_proj_with_mqa", "attn_kv_a_mqa", _bias);
        layer.Add("self_attn.kv_a_layernorm", "attn_kv_a_norm");
        layer.Add("self_attn.kv_b_proj", "attn_kv_b");
        layer.Add("self_attn.o_proj", "attn_output", _bias);
    }

    private void AddExperts(LayerMap layer, bool selectionBias)
    {
        layer.Add("mlp.gate", "ffn_gate_inp");
        if (selectionBias)
            layer.AddTensor("mlp.gate.e_score_correction_bias", "exp_probs_b.bias");
        ExpertMap.Add(layer, "mlp", _experts);
        if (_shared == 0)
            return;
        layer.Add("mlp.shared_experts.gate_proj", "ffn_gate_shexp");
        layer.Add("mlp.shared_experts.up_proj", "ffn_up_shexp");
        layer.Add("mlp.shared_experts.down_proj", "ffn_down_shexp");
    }
}
