using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>ModernBERT (ModernBertConfig): global and local attention with a rotation each, in both spellings of the configuration.</summary>
internal sealed class ModernBert : IFamily
{
    private const string Full = "full_attention", Local = "sliding_attention";
    private const int MostWindow = 1 << 28;

    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["ModernBertModel", "ModernBertForMaskedLM", "ModernBertForSequenceClassification"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["modernbert"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        EncoderConfig c = new(input, new EncoderKeys { Vocabulary = 50_368, Inner = 1152, Layers = 22, Context = 8192, Epsilon = 1e-5, EpsilonKey = "norm_eps", ActivationKey = "hidden_activation" });
        bool attentionBias = c.Section.Flag("attention_bias") ?? false, feedForwardBias = c.Section.Flag("mlp_bias") ?? false, normBias = c.Section.Flag("norm_bias") ?? false;
        RopeMetadata rope = Rope(c, Full, "global_rope_theta", 160_000);
        // A null is the global base; where the key is absent the class has one.
        RopeMetadata local = Rope(c, Local, "local_rope_theta", c.Section.Names("local_rope_theta") ? rope.Base : 10_000);
        if (local with { Base = rope.Base } != rope)
            throw new UnsupportedModelException($"safetensors: {c.Section.Path}: rotations of {Full} and {Local} that differ in more than their base are not available");
        AttentionMetadata attention = new() { SlidingWindow = c.Section.Integer("local_attention", 2, MostWindow) ?? 128 };
        ModelMetadata metadata = c.Metadata("modern-bert", c.Positions, Pooling(c), attention, rope,
            new() { ["rope.freq_base_swa"] = local.Base }, new() { ["attention.sliding_window_pattern"] = Pattern(c) });
        return new FamilyModel(metadata, map =>
        {
            EncoderMap encoder = new(map, "embeddings.tok_embeddings.weight", "model.");
            encoder.Add("embeddings.norm", "token_embd_norm", normBias);
            encoder.Add("final_norm", "output_norm", normBias);
            for (int i = 0; i < c.Layers; i++)
            {
                string stored = $"layers.{i}.", canonical = $"blk.{i}.";
                // The first layer reads the embeddings' norm.
                if (i > 0)
                    encoder.Add($"{stored}attn_norm", $"{canonical}attn_norm", normBias);
                encoder.Add($"{stored}attn.Wqkv", $"{canonical}attn_qkv", attentionBias);
                encoder.Add($"{stored}attn.Wo", $"{canonical}attn_output", attentionBias);
                encoder.Add($"{stored}mlp_norm", $"{canonical}ffn_norm", normBias);
                encoder.Add($"{stored}mlp.Wi", $"{canonical}ffn_up", feedForwardBias);
                encoder.Add($"{stored}mlp.Wo", $"{canonical}ffn_down", feedForwardBias);
            }
            if (!c.IsClassifier)
                return;
            encoder.AddBeside("head.dense", "cls", c.Section.Flag("classifier_bias") ?? false);
            encoder.AddBeside("head.norm", "cls.norm", normBias);
            encoder.AddBeside("classifier", "cls.output");
        });
    }

    private static PoolingMetadata Pooling(EncoderConfig c)
    {
        string pooling = c.Section.Text("classifier_pooling") ?? "cls";
        PoolingKind kind = pooling switch
        {
            "cls" => PoolingKind.First,
            "mean" => PoolingKind.Mean,
            _ => throw c.Section.Bad("classifier_pooling", "cls or mean", $"'{Errors.Readable(pooling)}'"),
        };
        return c.Pooling(kind, c.Nonlinearity("classifier_activation", "gelu"));
    }

    // The older spelling has a base for each kind of layer and no scaling.
    private static RopeMetadata Rope(EncoderConfig c, string layerType, string oldKey, double absent) =>
        RopeConfig.Read(c.Section, layerType, c.Width / c.Heads, c.Positions, c.Section.Number(oldKey) ?? absent, partial: 1) with { Pairing = RopePairing.Halves };

    private static double[] Pattern(EncoderConfig c)
    {
        if (c.Section.Texts("layer_types") is not { } types)
        {
            int period = c.Section.Integer("global_attn_every_n_layers", 1) ?? 3;
            return [.. Enumerable.Range(0, c.Layers).Select(i => i % period == 0 ? 0.0 : 1)];
        }
        if (types.Count != c.Layers)
            throw c.Section.Bad("layer_types", $"a value for each of {c.Layers} layers", $"{types.Count} values");
        return [.. types.Select(t => t switch { Full => 0.0, Local => 1, _ => throw c.Section.Bad("layer_types", $"{Full} or {Local}", $"'{Errors.Readable(t)}'") })];
    }
}
