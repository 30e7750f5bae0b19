namespace Tessera.Format.Gguf.Writing;

/// <summary>Writes the rotary position embedding: keys, and the tensors of divisors for single frequencies.</summary>
internal sealed class RopeKeys(HeaderBuilder header, Func<string, string> own, List<string> notes)
{
    /// <summary>Adds the keys.</summary>
    public void Add(ModelMetadata m, string architecture)
    {
        RopeMetadata rope = m.Rope;
        header.Add(own("rope.dimension_count"), (uint)Rotating(m));
        header.Add(own("rope.freq_base"), rope.Base == 0 ? 10_000 : rope.Base);
        string? type = rope.Scaling switch
        {
            RopeScaling.None or RopeScaling.Llama3 or RopeScaling.Dynamic => null,
            RopeScaling.Linear => "linear",
            RopeScaling.Yarn => "yarn",
            RopeScaling.LongRope => "longrope",
            _ => throw new UnsupportedModelException($"gguf: rotation of kind {rope.Scaling} cannot be written for {architecture}"),
        };
        if (type is null)
            return;
        header.Add(own("rope.scaling.type"), type);
        if (rope.Scaling != RopeScaling.LongRope && rope.Factor != 0)
            header.Add(own("rope.scaling.factor"), rope.Factor);
        if (rope.OriginalContextLength != 0)
            header.Add(own("rope.scaling.original_context_length"), (uint)rope.OriginalContextLength);
        Number("rope.scaling.attn_factor", rope.AttentionFactor);
        Number("rope.scaling.yarn_beta_fast", rope.BetaFast);
        Number("rope.scaling.yarn_beta_slow", rope.BetaSlow);
        Number("rope.scaling.yarn_ext_factor", rope.ExtrapolationFactor);
        if (rope.Scaling == RopeScaling.Yarn && rope.FractionalRamp == true)
            notes.Add($"YaRN's ramp is not rounded to whole pairs here; GGUF cannot say so, and llama.cpp rounds it{(architecture == "gpt-oss" ? "" : ", as does whoever reads the file")}");
    }

    /// <summary>The tensors of divisors.</summary>
    public static IEnumerable<PlannedTensor> Tensors(ModelMetadata m)
    {
        RopeMetadata rope = m.Rope;
        if (rope.Scaling == RopeScaling.Llama3)
            yield return Of("rope_freqs.weight", Llama3(rope, Rotating(m), m.ContextLength));
        if (rope.ShortFactors.Count > 0)
            yield return Of("rope_factors_short.weight", rope.ShortFactors);
        if (rope.LongFactors.Count > 0)
            yield return Of("rope_factors_long.weight", rope.LongFactors);
    }

    private static PlannedTensor Of(string name, IReadOnlyList<float> values) => new(name, [values.Count], null) { Values = values };

    private static int Rotating(ModelMetadata m) => m.Rope.Dimensions != 0 ? m.Rope.Dimensions
        : m.Attention.KeyLength != 0 ? m.Attention.KeyLength : m.EmbeddingLength / Math.Max(1, m.Attention.HeadCount);

    // Llama 3.1: wavelengths longer than original / low are stretched by the factor, those shorter than original / high kept, with a smooth step of frequencies between.
    private static float[] Llama3(RopeMetadata rope, int rotating, int context)
    {
        double factor = rope.Factor == 0 ? 1 : rope.Factor, low = rope.LowFrequencyFactor == 0 ? 1 : rope.LowFrequencyFactor, high = rope.HighFrequencyFactor == 0 ? 4 : rope.HighFrequencyFactor;
        double theta = rope.Base == 0 ? 10_000 : rope.Base, original = rope.OriginalContextLength == 0 ? context : rope.OriginalContextLength;
        float[] divisors = new float[rotating / 2];
        for (int i = 0; i < divisors.Length; i++)
        {
            double turns = original * Math.Pow(theta, -2.0 * i / rotating) / (2 * Math.PI);
            double smooth = Math.Clamp((turns - low) / (high - low), 0, 1);
            divisors[i] = (float)(1 / ((1 - smooth) / factor + smooth));
        }
        return divisors;
    }

    private void Number(string key, float value)
    {
        if (value != 0)
            header.Add(own(key), value);
    }
}
