using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>nomic-embed's BERT (NomicBertConfig, whose code is the repository's own): rotations and a gated feed-forward; queries, keys and values in one matrix.</summary>
internal sealed class NomicBert : IFamily
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["NomicBertModel"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["nomic_bert"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        JsonSection config = input.Config;
        Require(config, "activation_function", "swiglu");
        foreach ((string key, bool needed) in new[] { ("prenorm", false), ("parallel_block", false), ("use_rms_norm", false), ("causal", false), ("rotary_emb_interleaved", false) })
            if ((config.Flag(key) ?? needed) != needed)
                throw config.Bad(key, needed ? "true" : "false", needed ? "false" : "true");
        if (config.Number("rotary_emb_fraction") is { } fraction and not 1)
            throw config.Bad("rotary_emb_fraction", "1", $"{fraction}");
        EncoderConfig c = new(input, new EncoderKeys
        {
            Vocabulary = 30_528,
            WidthKey = "n_embd",
            InnerKey = "n_inner",
            LayersKey = "n_layer",
            HeadsKey = "n_head",
            ContextKey = "n_positions",
            EpsilonKey = "layer_norm_epsilon",
            Epsilon = 1e-12,
            ActivationKey = "no_key",
        });
        // Beyond the trained positions the model's own code stretches the rotation by the batch's longest text, which would make a text's vector depend on its neighbours.
        int context = config.Number("rotary_scaling_factor") is null ? c.Positions : Math.Min(c.Positions, config.Integer("max_trained_positions", 1) ?? 2048);
        RopeMetadata rope = new() { Pairing = RopePairing.Halves, Base = (float)(config.Number("rotary_emb_base") ?? 10_000) };
        bool qkvBias = config.Flag("qkv_proj_bias") ?? true, upBias = config.Flag("mlp_fc1_bias") ?? true, downBias = config.Flag("mlp_fc2_bias") ?? true;
        ModelMetadata metadata = c.Metadata("nomic-bert", context, input.Pooling, rope: rope, activation: Activation.Silu);
        return new FamilyModel(metadata, map =>
        {
            EncoderMap encoder = new(map, "embeddings.word_embeddings.weight", "bert.");
            if (encoder.Has("embeddings.token_type_embeddings.weight"))
                encoder.AddTensor("embeddings.token_type_embeddings.weight", "token_types.weight");
            encoder.AddNorm("emb_ln", "token_embd_norm");
            for (int i = 0; i < c.Layers; i++)
            {
                string stored = $"encoder.layers.{i}.", canonical = $"blk.{i}.";
                encoder.Add($"{stored}attn.Wqkv", $"{canonical}attn_qkv", qkvBias);
                encoder.Add($"{stored}attn.out_proj", $"{canonical}attn_output", qkvBias);
                encoder.AddNorm($"{stored}norm1", $"{canonical}attn_output_norm");
                // The model's own names: fc12 goes through the nonlinearity.
                encoder.Add($"{stored}mlp.fc11", $"{canonical}ffn_up", upBias);
                encoder.Add($"{stored}mlp.fc12", $"{canonical}ffn_gate", upBias);
                encoder.Add($"{stored}mlp.fc2", $"{canonical}ffn_down", downBias);
                encoder.AddNorm($"{stored}norm2", $"{canonical}layer_output_norm");
            }
        });
    }

    private static void Require(JsonSection config, string key, string value)
    {
        if (config.Text(key) is { } found && found != value)
            throw config.Bad(key, value, $"'{Errors.Readable(found)}', which is not available");
    }
}
