namespace Tessera.Engine.Architectures;

/// <summary>The rotary frequencies of a model with its scaling worked in, so that a backend needs to know no kind of scaling.</summary>
internal static class RopeFrequencies
{
    /// <summary>Builds the table.</summary>
    /// <param name="rope">The rotation and its scaling.</param>
    /// <param name="dimensions">The number of rotating elements of a head; even.</param>
    /// <param name="trainedContext">The model's context length, where the scaling does not name its own.</param>
    /// <param name="divisors">A divisor for each frequency, or empty.</param>
    /// <param name="longDivisors">The divisors of sequences that are planned for more than the original context, or empty: all have the same.</param>
    /// <exception cref="ModelFormatException">Numbers that the scaling needs are missing or cannot be meant.</exception>
    public static RopeTable Build(RopeMetadata rope, int dimensions, int trainedContext, ReadOnlySpan<float> divisors, ReadOnlySpan<float> longDivisors = default)
    {
        int original = rope.OriginalContextLength == 0 ? trainedContext : rope.OriginalContextLength;
        if (rope.Scaling == RopeScaling.LongRope && longDivisors.IsEmpty)
            throw new ModelFormatException("rope.scaling.type: longrope needs the tensors 'rope_factors_short.weight' and 'rope_factors_long.weight', found none");
        float magnitude = Magnitude(rope);
        return new RopeTable(rope.Pairing, Frequencies(rope, dimensions, original, divisors), magnitude)
        {
            Long = longDivisors.IsEmpty ? null : new LongRope(original, Frequencies(rope, dimensions, original, longDivisors), magnitude),
            Stretch = rope.Scaling == RopeScaling.Dynamic ? Stretch(rope, dimensions, original, divisors) : null,
        };
    }

    private static double Base(RopeMetadata rope) => rope.Base == 0 ? 10_000 : rope.Base;

    private static double Factor(RopeMetadata rope) => rope.Factor == 0 ? 1 : rope.Factor;

    private static float[] Frequencies(RopeMetadata rope, int dimensions, int original, ReadOnlySpan<float> divisors)
    {
        double theta = Base(rope), factor = Factor(rope);
        float[] frequencies = new float[dimensions / 2];
        int turning = rope.Scaling == RopeScaling.Proportional && rope.Dimensions > 0 ? rope.Dimensions / 2 : frequencies.Length;
        for (int i = 0; i < turning; i++)
        {
            double frequency = Math.Pow(theta, -2.0 * i / dimensions);
            if (divisors.Length > 0)
                frequency /= divisors[i];
            frequencies[i] = (float)(rope.Scaling switch
            {
                RopeScaling.Linear or RopeScaling.Proportional => frequency / factor,
                RopeScaling.Yarn => Yarn(rope, frequency, factor, i, dimensions, theta, original),
                RopeScaling.Llama3 => Llama3(rope, frequency, factor, original),
                _ => frequency,
            });
        }
        return frequencies;
    }

    private static RopeStretch Stretch(RopeMetadata rope, int dimensions, int original, ReadOnlySpan<float> divisors)
    {
        if (!divisors.IsEmpty)
            throw new UnsupportedModelException("rope.scaling.type: dynamic together with divisors of single frequencies ('rope_freqs.weight') is not available");
        if (dimensions < 4)
            throw new ModelFormatException($"rope.dimension_count: dynamic scaling needs at least 4 rotating elements, found {dimensions}");
        return Factor(rope) >= 1
            ? new RopeStretch(Base(rope), Factor(rope), original)
            : throw new ModelFormatException($"rope.scaling.factor: dynamic scaling needs at least 1, found {rope.Factor}");
    }

    // YaRN (arXiv 2309.00071, sections 3.2 to 3.4): frequencies that turn fewer than BetaSlow times in the original context are
    // interpolated, those that turn more than BetaFast times are kept, with a linear ramp between the two.
    private static double Yarn(RopeMetadata rope, double frequency, double factor, int pair, int dimensions, double theta, int original)
    {
        double fast = rope.BetaFast == 0 ? 32 : rope.BetaFast;
        double slow = rope.BetaSlow == 0 ? 1 : rope.BetaSlow;
        double mix = rope.ExtrapolationFactor == 0 ? 1 : rope.ExtrapolationFactor;
        double low = PairThatTurns(fast), high = PairThatTurns(slow);
        if (rope.FractionalRamp != true)
            (low, high) = (Math.Floor(low), Math.Ceiling(high));
        low = Math.Max(0, low);
        high = Math.Min(dimensions - 1, high);
        double ramp = Math.Clamp((pair - low) / Math.Max(0.001, high - low), 0, 1);
        double keep = (1 - ramp) * mix;
        return frequency / factor * (1 - keep) + frequency * keep;

        double PairThatTurns(double times) => dimensions * Math.Log(original / (times * 2 * Math.PI)) / (2 * Math.Log(theta));
    }

    // Llama 3.1: long wavelengths are divided by the factor, short ones kept, with a smooth step between.
    private static double Llama3(RopeMetadata rope, double frequency, double factor, int original)
    {
        double low = rope.LowFrequencyFactor == 0 ? 1 : rope.LowFrequencyFactor;
        double high = rope.HighFrequencyFactor == 0 ? 4 : rope.HighFrequencyFactor;
        double turns = original * frequency / (2 * Math.PI);
        if (turns < low)
            return frequency / factor;
        if (turns > high)
            return frequency;
        double smooth = (turns - low) / (high - low);
        return (1 - smooth) * frequency / factor + smooth * frequency;
    }

    private static float Magnitude(RopeMetadata rope)
    {
        double attention = rope.AttentionFactor == 0 ? 1 : rope.AttentionFactor, factor = Factor(rope);
        return rope.Scaling == RopeScaling.Yarn && factor > 1
            ? (float)(attention * (1 + 0.1 * Math.Log(factor)))
            : (float)attention;
    }
}
