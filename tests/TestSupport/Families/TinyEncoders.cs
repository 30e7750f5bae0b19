namespace Tessera.TestSupport.Families;

/// <summary>Tiny encoders, and a decoder that pools; variants with scores are models of their own.</summary>
public static class TinyEncoders
{
    /// <summary>Token types, rows of the positions' embedding that no position has, scores of a classifier, and the window of ModernBERT.</summary>
    public const int Types = 2, UnusedPositions = 2, Scores = 3, Window = 6;

    private const int Head = TinyFamily.Width / TinyFamily.Heads;
    private const string Epsilon = "attention.layer_norm_epsilon";

    /// <summary>All models.</summary>
    public static IReadOnlyList<TinyFamily> All { get; } =
    [
        Bert("bert").Key("pooling_type", 1),
        Bert("bert-cls").Key("pooling_type", 2).Key("attention.causal", false),
        Bert("roberta-scores", UnusedPositions).Key("position_offset", UnusedPositions).Key("pooling_type", 4)
            .Global("cls.weight", TinyFamily.Width, TinyFamily.Width).Global("cls.bias", TinyFamily.Width).Global("cls.output.weight", Scores, TinyFamily.Width).Global("cls.output.bias", Scores),
        new TinyFamily("nomic-bert", "nomic-bert", 2, Head, Epsilon).WithoutGlobal("output_norm.weight").EachLayer("attn_qkv.weight", (TinyFamily.Heads + 2 * TinyFamily.KeyHeads) * Head, TinyFamily.Width).Gate()
            .Global("token_types.weight", Types, TinyFamily.Width).Global("token_embd_norm.weight", TinyFamily.Width).Global("token_embd_norm.bias", TinyFamily.Width)
            .Norms("attn_output_norm", "layer_output_norm").RowBiases("attn_output_norm", "layer_output_norm").Key("pooling_type", 1),
        Modern("modern-bert").Key("pooling_type", 2),
        Modern("modern-bert-scores").Key("pooling_type", 4).Global("cls.weight", TinyFamily.Width, TinyFamily.Width).Global("cls.norm.weight", TinyFamily.Width).Global("cls.output.weight", Scores, TinyFamily.Width).Global("cls.output.bias", Scores),
        new TinyFamily("qwen3-last", "qwen3", 2, 12).Qkv().Gate().Norms("attn_norm", "ffn_norm").EachLayer("attn_q_norm.weight", 12).EachLayer("attn_k_norm.weight", 12).Key("pooling_type", 3),
    ];

    /// <summary>The model of a name.</summary>
    public static TinyFamily Find(string name) => All.First(f => f.Name == name);

    private static TinyFamily Bert(string name, int unused = 0) => new TinyFamily(name, "bert", 2, Head, Epsilon).WithoutGlobal("output_norm.weight").Qkv(biases: true)
        .Global("token_types.weight", Types, TinyFamily.Width).Global("position_embd.weight", 64 + unused, TinyFamily.Width).Global("token_embd_norm.weight", TinyFamily.Width).Global("token_embd_norm.bias", TinyFamily.Width)
        .Norms("attn_output_norm", "layer_output_norm").RowBiases("attn_output", "ffn_down", "attn_output_norm", "layer_output_norm").InnerBiases("ffn_up");

    // Four layers: the first and the last see everything.
    private static TinyFamily Modern(string name) => new TinyFamily(name, "modern-bert", 4, Head, Epsilon).EachLayer("attn_qkv.weight", (TinyFamily.Heads + 2 * TinyFamily.KeyHeads) * Head, TinyFamily.Width).FusedGate()
        .Norms("attn_norm", "ffn_norm").Without(0, "attn_norm.weight").Global("token_embd_norm.weight", TinyFamily.Width).Key("attention.sliding_window", Window).Key("rope.freq_base_swa", 30f);
}
