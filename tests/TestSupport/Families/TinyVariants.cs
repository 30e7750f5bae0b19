namespace Tessera.TestSupport.Families;

/// <summary>What files of a family may say otherwise than its own tiny model does: layers without experts, without a rotation, without a window or a cap, windows on some layers, scores as they are.</summary>
public static class TinyVariants
{
    /// <summary>The layers of the models that the pattern below gives a window.</summary>
    public static readonly bool[] Windows = [false, true];

    /// <summary>Which of SmolLM3's layers rotate.</summary>
    public static readonly int[] Rotating = [0, 1];

    private const int Head = TinyFamily.Width / TinyFamily.Heads, WideHead = 12, ExpertInner = 20;
    private const string Pattern = "attention.sliding_window_pattern", Window = "attention.sliding_window";

    /// <summary>All models.</summary>
    public static IReadOnlyList<TinyFamily> All { get; } =
    [
        new TinyFamily("mixtral-dense", "llama", 2, Head).Qkv(biases: true).Gate().Norms("attn_norm", "ffn_norm").RowBiases("attn_output").Output()
            .Global("rope_freqs.weight", Head / 2).Experts(4, 2, TinyFamily.Inner, firstLayer: 1).Key(Window, TinyFamilies.Window),
        new TinyFamily("qwen2-window", "qwen2", 2, Head).Qkv(biases: true).Gate().Norms("attn_norm", "ffn_norm").Key(Window, TinyFamilies.Window).Key(Pattern, Windows),
        new TinyFamily("qwen3-window", "qwen3", 2, WideHead).Qkv().Gate().Norms("attn_norm", "ffn_norm").EachLayer("attn_q_norm.weight", WideHead).EachLayer("attn_k_norm.weight", WideHead)
            .Key(Window, TinyFamilies.Window).Key(Pattern, Windows),
        new TinyFamily("qwen3moe-window", "qwen3moe", 2, WideHead).Qkv().Gate().Norms("attn_norm", "ffn_norm").EachLayer("attn_q_norm.weight", WideHead).EachLayer("attn_k_norm.weight", WideHead)
            .Experts(4, 2, ExpertInner).Key("expert_feed_forward_length", ExpertInner).Key("expert_weights_norm", false).Key(Window, TinyFamilies.Window).Key(Pattern, Windows),
        new TinyFamily("smollm3-layers", "smollm3", 2, Head).Qkv().Gate().Norms("attn_norm", "ffn_norm").Key("rope.layers", Rotating).Key(Window, TinyFamilies.Window).Key(Pattern, Windows),
        new TinyFamily("granite-unrotated", "granite", 2, Head).Qkv().Gate().Norms("attn_norm", "ffn_norm").Key("rope.scaling.finetuned", false)
            .Key("logit_scale", 4f).Key("residual_scale", 0.5f).Key("embedding_scale", 3f).Key("attention.scale", 0.2f),
        new TinyFamily("gemma2-uncapped", "gemma2", 2, WideHead).Qkv().Gate().Norms("attn_norm", "ffn_norm", "post_attention_norm", "post_ffw_norm")
            .Key(Window, TinyFamilies.Window).Key("attn_logit_softcapping", 0f).Key("final_logit_softcapping", 0f),
        new TinyFamily("gemma3-full", "gemma3", 2, WideHead).Qkv().Gate().Norms("attn_norm", "ffn_norm", "post_attention_norm", "post_ffw_norm")
            .EachLayer("attn_q_norm.weight", WideHead).EachLayer("attn_k_norm.weight", WideHead),
    ];
}
