namespace Tessera.TestSupport.Families;

/// <summary>Tiny models of the families with experts, with latent attention, and with rotations that follow a sequence's length.</summary>
public static class TinyMixtures
{
    /// <summary>The factor on Phi-3's cos and sin.</summary>
    public const float AttentionFactor = 1.25f;

    /// <summary>Dynamic NTK: the tokens that sequences are planned for, and those that the model was trained with.</summary>
    public const int DynamicLength = 48, DynamicTrained = 16;

    /// <summary>YaRN's factor.</summary>
    public const float YarnFactor = 4;

    /// <summary>The trained lengths of gpt-oss and of the models with latent attention.</summary>
    public const int YarnTrained = 64, LatentTrained = 16;

    /// <summary>Latent attention: the elements of a key that do not rotate and those that do, the latent row's, and the short query row's.</summary>
    public const int PlainKey = 8, RotatingKey = 4, Latent = 10, QueryRank = 14;

    /// <summary>The routed experts of a row, and their weights' factor, in the models with latent attention.</summary>
    public const int LatentUsed = 3;
    /// <inheritdoc cref="LatentUsed"/>
    public const float LatentScale = 1.5f;

    private const int Head = TinyFamily.Width / TinyFamily.Heads, WideHead = 12, ExpertInner = 20, LongPlan = 1024, LongContext = 512;

    /// <summary>All models.</summary>
    public static IReadOnlyList<TinyFamily> All { get; } =
    [
        new TinyFamily("llama-dynamic", "llama", 2, Head) { Planned = DynamicLength }.Qkv().Gate().Norms("attn_norm", "ffn_norm").Output()
            .Key("rope.scaling.type", "dynamic").Key("rope.scaling.factor", 2f).Key("rope.scaling.original_context_length", DynamicTrained),
        Phi3(new TinyFamily("phi3", "phi3", 2, Head)),
        Phi3(new TinyFamily("phi3-long", "phi3", 2, Head) { Planned = LongPlan }),
        new TinyFamily("mixtral", "llama", 2, Head).Qkv().Norms("attn_norm", "ffn_norm").Output().Experts(4, 2, TinyFamily.Inner),
        Qwen3("qwen3moe", 2, firstLayer: 0),
        Qwen3("qwen3moe-dense", 2, firstLayer: 1),
        GptOss("gpt-oss", ExpertInner),
        GptOss("gpt-oss-yarn", ExpertInner).Key("rope.scaling.type", "yarn").Key("rope.scaling.factor", YarnFactor).Key("rope.scaling.original_context_length", YarnTrained),
        Expanded(DeepSeek("deepseek2-lite", 2, shared: 2).EachLayer("attn_q.weight", Queries, TinyFamily.Width)),
        Expanded(ShortQueries(DeepSeek("deepseek2", 3, shared: 2))).Key("expert_group_count", 4).Key("expert_group_used_count", 2),
        V3(),
    ];

    /// <summary>Models with as many layers as the peer asks for before it does something else.</summary>
    public static IReadOnlyList<TinyFamily> Deep { get; } = [Expanded(DeepSeek("deepseek2-lite-27", 27, shared: 2).EachLayer("attn_q.weight", Queries, TinyFamily.Width))];

    /// <summary>gpt-oss with experts as wide as a block of MXFP4.</summary>
    public static TinyFamily BlockWide { get; } = GptOss("gpt-oss-blocks", 32);

    private static long Queries => TinyFamily.Heads * (PlainKey + RotatingKey);

    private static TinyFamily Phi3(TinyFamily model) => model.EachLayer("attn_qkv.weight", (TinyFamily.Heads + 2 * TinyFamily.KeyHeads) * Head, TinyFamily.Width).Norms("attn_norm", "ffn_norm").FusedGate().Output()
        .Global("rope_factors_short.weight", Head / 2).Global("rope_factors_long.weight", Head / 2)
        .Key("rope.scaling.original_context_length", LongContext).Key("rope.scaling.attn_factor", AttentionFactor).Key("attention.sliding_window", TinyFamilies.Window);

    private static TinyFamily Qwen3(string name, int layers, int firstLayer) => new TinyFamily(name, "qwen3moe", layers, WideHead).Qkv().Gate().Norms("attn_norm", "ffn_norm")
        .EachLayer("attn_q_norm.weight", WideHead).EachLayer("attn_k_norm.weight", WideHead).Experts(4, 2, ExpertInner, firstLayer: firstLayer).Key("expert_feed_forward_length", ExpertInner);

    private static TinyFamily GptOss(string name, int inner) => new TinyFamily(name, "gpt-oss", 3, WideHead).Qkv(biases: true).Norms("attn_norm", "post_attention_norm").RowBiases("attn_output").Output()
        .EachLayer("attn_sinks.weight", TinyFamily.Heads).Experts(4, 2, inner, biases: true).Key("expert_feed_forward_length", inner).Key("attention.sliding_window", TinyFamilies.Window);

    // The first layer is dense.
    private static TinyFamily DeepSeek(string name, int layers, int shared)
    {
        TinyFamily model = new TinyFamily(name, "deepseek2", layers, Head).Gate().Norms("attn_norm", "ffn_norm").Output()
            .EachLayer("attn_kv_a_mqa.weight", Latent + RotatingKey, TinyFamily.Width).EachLayer("attn_kv_a_norm.weight", Latent)
            .Experts(8, LatentUsed, ExpertInner, firstLayer: 1);
        for (int i = 1; i < layers; i++)
            model.Global($"blk.{i}.ffn_gate_shexp.weight", shared * ExpertInner, TinyFamily.Width).Global($"blk.{i}.ffn_up_shexp.weight", shared * ExpertInner, TinyFamily.Width)
                .Global($"blk.{i}.ffn_down_shexp.weight", TinyFamily.Width, shared * ExpertInner);
        return model.Key("leading_dense_block_count", 1).Key("expert_feed_forward_length", ExpertInner).Key("expert_shared_count", shared).Key("expert_weights_scale", LatentScale)
            .Key("attention.kv_lora_rank", Latent).Key("rope.dimension_count", RotatingKey)
            .Key("rope.scaling.type", "yarn").Key("rope.scaling.factor", YarnFactor).Key("rope.scaling.original_context_length", LatentTrained).Key("rope.scaling.yarn_log_multiplier", 0.0707f);
    }

    private static TinyFamily ShortQueries(TinyFamily model) => model.EachLayer("attn_q_a.weight", QueryRank, TinyFamily.Width).EachLayer("attn_q_a_norm.weight", QueryRank)
        .EachLayer("attn_q_b.weight", Queries, QueryRank).Key("attention.q_lora_rank", QueryRank);

    // Files from before the two matrices were split: keys and values of all heads are cached.
    private static TinyFamily Expanded(TinyFamily model) => model.EachLayer("attn_kv_b.weight", TinyFamily.Heads * (PlainKey + Head), Latent)
        .Key("attention.head_count_kv", TinyFamily.Heads).Key("attention.key_length", PlainKey + RotatingKey).Key("attention.value_length", Head);

    private static TinyFamily V3()
    {
        TinyFamily model = ShortQueries(DeepSeek("deepseek3", 3, shared: 1))
            .EachLayer("attn_k_b.weight", TinyFamily.Heads, Latent, PlainKey).EachLayer("attn_v_b.weight", TinyFamily.Heads, Head, Latent)
            .Key("attention.head_count_kv", 1).Key("attention.key_length", Latent + RotatingKey).Key("attention.value_length", Latent)
            .Key("attention.key_length_mla", PlainKey + RotatingKey).Key("attention.value_length_mla", Head)
            .Key("expert_group_count", 4).Key("expert_group_used_count", 2).Key("expert_weights_norm", true).Key("expert_gating_func", 2).Key("rope.scaling.yarn_log_multiplier", 0.1f);
        for (int i = 1; i < model.LayerCount; i++)
            model.Global($"blk.{i}.exp_probs_b.bias", 8);
        return model;
    }
}
