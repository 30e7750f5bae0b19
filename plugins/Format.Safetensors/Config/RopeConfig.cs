namespace Tessera.Format.Safetensors.Config;

/// <summary>
/// The rotary embedding in both spellings: <c>rope_parameters</c>, flat or one object for each type of layer (Transformers 5), and <c>rope_theta</c>, <c>rope_scaling</c> and <c>partial_rotary_factor</c> (4 and before).
/// </summary>
internal static class RopeConfig
{
    private const string New = "rope_parameters", Old = "rope_scaling";
    private const int MostFactors = 1 << 16;

    /// <summary>Reads the rotation.</summary>
    /// <param name="config">The object that has the fields.</param>
    /// <param name="layerType">The type of layer whose rotation is meant, where the file tells them apart; null: any.</param>
    /// <param name="headLength">Elements of a head.</param>
    /// <param name="context">The model's context.</param>
    /// <param name="ropeBase">The base where the file has none.</param>
    /// <param name="partial">The part of a head that rotates, where the file does not say.</param>
    /// <param name="yarnIsLongRope">Whether <c>yarn</c> means LongRoPE.</param>
    public static RopeMetadata Read(JsonSection config, string? layerType, int headLength, int context, double ropeBase, double partial, bool yarnIsLongRope = false)
    {
        JsonSection? given = config.Section(New) ?? config.Section(Old);
        if (given is not null && layerType is not null && given.Has(layerType))
            given = given.Section(layerType);
        double theta = given?.Number("rope_theta") ?? config.Number("rope_theta") ?? ropeBase;
        if (!(theta >= 1))
            throw (given?.Has("rope_theta") == true ? given : config).Bad("rope_theta", "a number of at least 1", $"{theta}");
        double part = given?.Number("partial_rotary_factor") ?? config.Number("partial_rotary_factor") ?? partial;
        if (!(part is > 0 and <= 1))
            throw config.Bad("partial_rotary_factor", "a number above 0 and at most 1", $"{part}");
        if (given?.Number("llama_4_scaling_beta") is { } beta and not 0)
            throw given.Bad("llama_4_scaling_beta", "0", $"{beta}: queries that grow with their position are not available");
        RopeMetadata rope = new() { Base = (float)theta, Dimensions = (int)(headLength * part) };
        string type = given is null ? "default" : given.Text("rope_type") ?? given.Text("type") ?? "default";
        return type switch
        {
            // Sections of the rotation for images; the positions of text are the same in all of them.
            "default" or "mrope" => rope,
            "linear" => rope with { Scaling = RopeScaling.Linear, Factor = Factor(given!) },
            "dynamic" => rope with { Scaling = RopeScaling.Dynamic, Factor = Factor(given!), OriginalContextLength = Original(config, given!, context) },
            "yarn" when yarnIsLongRope => LongRope(rope, config, given!, context),
            "yarn" => Yarn(rope, config, given!, context),
            "llama3" => rope with
            {
                Scaling = RopeScaling.Llama3,
                Factor = Factor(given!),
                LowFrequencyFactor = Needed(given!, "low_freq_factor"),
                HighFrequencyFactor = Needed(given!, "high_freq_factor"),
                OriginalContextLength = given!.Integer("original_max_position_embeddings", 1) ?? throw Missing(given, "original_max_position_embeddings"),
            },
            "longrope" or "su" => LongRope(rope, config, given!, context),
            "proportional" => rope with { Scaling = RopeScaling.Proportional, Dimensions = rope.Dimensions / 2 * 2, Factor = given!.Has("factor") ? Factor(given) : 0 },
            _ => throw given!.Bad(given.Has("rope_type") ? "rope_type" : "type", "default, linear, dynamic, yarn, longrope, llama3 or proportional", $"'{Errors.Readable(type)}'"),
        };
    }

    /// <summary>YaRN's factor on cos and sin for a stretch: 1 + 0.1 · m · ln(stretch).</summary>
    public static double Magnitude(double stretch, double m = 1) => stretch <= 1 ? 1 : 1 + 0.1 * m * Math.Log(stretch);

    private static RopeMetadata Yarn(RopeMetadata rope, JsonSection config, JsonSection given, int context)
    {
        float factor = Factor(given);
        double? mscale = given.Number("mscale"), all = given.Number("mscale_all_dim");
        double magnitude = given.Number("attention_factor")
            ?? (mscale is > 0 or < 0 && all is > 0 or < 0 ? Magnitude(factor, mscale.Value) / Magnitude(factor, all.Value) : Magnitude(factor));
        // The canonical factor stands beside the one that YaRN implies.
        return rope with
        {
            Scaling = RopeScaling.Yarn,
            Factor = factor,
            OriginalContextLength = Original(config, given, context),
            AttentionFactor = (float)(magnitude / Magnitude(factor)),
            BetaFast = (float)(given.Number("beta_fast") ?? 0),
            BetaSlow = (float)(given.Number("beta_slow") ?? 0),
            FractionalRamp = !(given.Flag("truncate") ?? true),
        };
    }

    private static RopeMetadata LongRope(RopeMetadata rope, JsonSection config, JsonSection given, int context)
    {
        int original = Original(config, given, context);
        double stretch = given.Number("factor") ?? (double)context / original;
        double magnitude = given.Number("attention_factor") ?? (stretch <= 1 ? 1 : Math.Sqrt(1 + Math.Log(stretch) / Math.Log(original)));
        return rope with
        {
            Scaling = RopeScaling.LongRope,
            OriginalContextLength = original,
            AttentionFactor = (float)magnitude,
            ShortFactors = Factors(given, "short_factor", rope.Dimensions / 2),
            LongFactors = Factors(given, "long_factor", rope.Dimensions / 2),
        };
    }

    private static float[] Factors(JsonSection given, string key, int pairs)
    {
        double[] factors = given.Numbers(key) ?? throw Missing(given, key);
        if (factors.Length != pairs || pairs > MostFactors)
            throw given.Bad(key, $"{pairs} numbers, one for each rotating pair", $"{factors.Length}");
        foreach (double factor in factors)
            if (!(factor is >= 1e-6 and <= 1e6))
                throw given.Bad(key, "numbers from 1e-6 to 1e6", $"{factor}");
        return [.. factors.Select(f => (float)f)];
    }

    private static int Original(JsonSection config, JsonSection given, int context) =>
        given.Integer("original_max_position_embeddings", 1) ?? config.Integer("original_max_position_embeddings", 1) ?? context;

    private static float Factor(JsonSection given)
    {
        float factor = Needed(given, "factor");
        return factor is >= 1e-3f and <= 1e6f ? factor : throw given.Bad("factor", "a number from 0.001 to 1e6", $"{factor}");
    }

    private static float Needed(JsonSection given, string key) => (float)(given.Number(key) ?? throw Missing(given, key));

    private static ModelFormatException Missing(JsonSection given, string key) => given.Bad(key, "a value, which this kind of scaling needs", "nothing");
}
