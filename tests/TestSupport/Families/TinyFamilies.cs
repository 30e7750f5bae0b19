namespace Tessera.TestSupport.Families;

/// <summary>The dense families' tiny models; variants of a family with other tensors or blocks are models of their own.</summary>
public static class TinyFamilies
{
    /// <summary>The window of those that have one.</summary>
    public const int Window = 5;

    private const int Head = TinyFamily.Width / TinyFamily.Heads, WideHead = 12;
    private const string LayerEpsilon = "attention.layer_norm_epsilon";

    /// <summary>All models.</summary>
    public static IReadOnlyList<TinyFamily> All { get; } =
    [
        new TinyFamily("llama", "llama", 2, Head).Qkv(biases: true).Gate().Norms("attn_norm", "ffn_norm").RowBiases("attn_output", "ffn_down").InnerBiases("ffn_gate", "ffn_up")
            .Output().Global("rope_freqs.weight", Head / 2),
        new TinyFamily("llama-window", "llama", 2, Head).Qkv().Gate().Norms("attn_norm", "ffn_norm").Output().Key("attention.sliding_window", Window),
        new TinyFamily("mistral", "mistral", 2, WideHead).Qkv().Gate().Norms("attn_norm", "ffn_norm").Output().Key("attention.sliding_window", Window),
        new TinyFamily("qwen2", "qwen2", 2, Head).Qkv(biases: true).Gate().Norms("attn_norm", "ffn_norm").Output().Global("output.bias", TinyFamily.Vocabulary),
        new TinyFamily("qwen3", "qwen3", 2, WideHead).Qkv().Gate().Norms("attn_norm", "ffn_norm").EachLayer("attn_q_norm.weight", WideHead).EachLayer("attn_k_norm.weight", WideHead),
        new TinyFamily("phi2", "phi2", 2, Head, LayerEpsilon).EachLayer("attn_qkv.weight", Qkv(Head), TinyFamily.Width).EachLayer("attn_qkv.bias", Qkv(Head))
            .Norms("attn_norm").RowBiases("attn_norm", "attn_output", "ffn_down").InnerBiases("ffn_up").Output().Global("output.bias", TinyFamily.Vocabulary)
            .Global("output_norm.bias", TinyFamily.Width).Key("rope.dimension_count", Head / 2),
        new TinyFamily("starcoder2", "starcoder2", 2, Head, LayerEpsilon).Qkv(biases: true).Norms("attn_norm", "ffn_norm").RowBiases("attn_norm", "ffn_norm", "attn_output", "ffn_down")
            .InnerBiases("ffn_up").Global("output_norm.bias", TinyFamily.Width),
        new TinyFamily("starcoder2-window", "starcoder2", 2, Head, LayerEpsilon).Qkv(biases: true).Norms("attn_norm", "ffn_norm").RowBiases("attn_norm", "ffn_norm", "attn_output", "ffn_down")
            .InnerBiases("ffn_up").Global("output_norm.bias", TinyFamily.Width).Output().Key("attention.sliding_window", Window),
        new TinyFamily("stablelm", "stablelm", 2, Head, LayerEpsilon).Qkv(biases: true).Gate().Norms("attn_norm", "ffn_norm").RowBiases("attn_norm", "ffn_norm").Output()
            .Global("output_norm.bias", TinyFamily.Width).Key("rope.dimension_count", Head / 2),
        new TinyFamily("stablelm2-12b", "stablelm", 2, Head, LayerEpsilon).Qkv().Gate().Norms("attn_norm").RowBiases("attn_norm").Output().HeadNorms()
            .Global("output_norm.bias", TinyFamily.Width).Key("rope.dimension_count", Head / 2),
        new TinyFamily("gemma", "gemma", 2, WideHead).Qkv().Gate().Norms("attn_norm", "ffn_norm"),
        new TinyFamily("gemma2", "gemma2", 3, WideHead).Qkv().Gate().Norms("attn_norm", "ffn_norm", "post_attention_norm", "post_ffw_norm")
            .Key("attention.sliding_window", Window).Key("attn_logit_softcapping", 2f).Key("final_logit_softcapping", 3f).Key("rope.freq_base_swa", 30f),
        new TinyFamily("gemma3", "gemma3", 7, WideHead).Qkv().Gate().Norms("attn_norm", "ffn_norm", "post_attention_norm", "post_ffw_norm")
            .EachLayer("attn_q_norm.weight", WideHead).EachLayer("attn_k_norm.weight", WideHead).Output()
            .Key("attention.sliding_window", Window).Key("final_logit_softcapping", 3f).Key("rope.scaling.type", "linear").Key("rope.scaling.factor", 2f),
        new TinyFamily("olmo2", "olmo2", 2, Head).Qkv().Gate().Norms("post_attention_norm", "post_ffw_norm").RowNorms().Output(),
        new TinyFamily("olmo3", "olmo2", 4, Head).Qkv().Gate().Norms("post_attention_norm", "post_ffw_norm").RowNorms().Output()
            .Key("attention.sliding_window", Window).Key("attention.sliding_window_pattern", new[] { true, false, true, true })
            .Key("rope.scaling.type", "yarn").Key("rope.scaling.factor", 4f).Key("rope.scaling.original_context_length", 16),
        new TinyFamily("command-r", "command-r", 2, Head, LayerEpsilon).Qkv().Gate().Norms("attn_norm").Key("logit_scale", 0.25f),
        new TinyFamily("command-r-plus", "command-r", 2, Head, LayerEpsilon).Qkv().Gate().Norms("attn_norm").HeadNorms().Key("logit_scale", 0.25f),
        new TinyFamily("cohere2", "cohere2", 4, Head, LayerEpsilon).Qkv().Gate().Norms("attn_norm").Key("attention.sliding_window", Window).Key("logit_scale", 0.25f),
        new TinyFamily("chatglm", "chatglm", 2, Head).EachLayer("attn_qkv.weight", Qkv(Head), TinyFamily.Width).EachLayer("attn_qkv.bias", Qkv(Head)).Norms("attn_norm", "ffn_norm").FusedGate().Output()
            .Key("rope.dimension_count", Head / 2),
        new TinyFamily("glm4", "glm4", 2, WideHead).Qkv(biases: true).Norms("attn_norm", "ffn_norm", "post_attention_norm", "post_ffw_norm").FusedGate().Output()
            .Key("rope.dimension_count", WideHead / 2),
        new TinyFamily("granite", "granite", 2, Head).Qkv(biases: true).Gate().Norms("attn_norm", "ffn_norm").RowBiases("attn_output", "ffn_down").InnerBiases("ffn_gate", "ffn_up")
            .Global("rope_freqs.weight", Head / 2).Key("logit_scale", 4f).Key("residual_scale", 0.5f).Key("embedding_scale", 3f).Key("attention.scale", 0.2f),
        new TinyFamily("smollm3", "smollm3", 4, Head).Qkv(biases: true, keyBias: i => i != 3).Gate().Norms("attn_norm", "ffn_norm"),
    ];

    /// <summary>Models with as many layers as families ask for before they do something else.</summary>
    public static IReadOnlyList<TinyFamily> Deep { get; } =
    [
        new TinyFamily("command-r-plus-64", "command-r", 64, Head, LayerEpsilon).Qkv().Gate().Norms("attn_norm").HeadNorms().Key("logit_scale", 0.25f),
        new TinyFamily("gemma2-27b", "gemma2", 46, WideHead).Qkv().Gate().Norms("attn_norm", "ffn_norm", "post_attention_norm", "post_ffw_norm").Key("attention.sliding_window", Window),
        new TinyFamily("gemma3-27b", "gemma3", 62, WideHead).Qkv().Gate().Norms("attn_norm", "ffn_norm", "post_attention_norm", "post_ffw_norm")
            .EachLayer("attn_q_norm.weight", WideHead).EachLayer("attn_k_norm.weight", WideHead).Key("attention.sliding_window", Window),
    ];

    /// <summary>The model of a name.</summary>
    public static TinyFamily Find(string name) => All.Concat(Deep).Concat(TinyMixtures.All).Concat(TinyMixtures.Deep).Concat(TinyVariants.All).Single(f => f.Name == name);

    private static long Qkv(int head) => (TinyFamily.Heads + 2 * TinyFamily.KeyHeads) * head;
}
