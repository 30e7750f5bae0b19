namespace Tessera.Engine.Architectures;

/// <summary>The rotary frequencies of a model with its scaling worked in, so that a backend needs to know no kind of scaling.</summary>
internal static class RopeFrequencies
{
    /// <summary>Builds the table.</summary>
    /// <param name="rope">The rotation and its scaling.</param>
    /// <param name="dimensions">The number of rotating elements of a head; even.</param>
    /// <param name="trainedContext">The model's context length, where the scaling does not name its own.</param>
    /// <param name="divisors">A divisor for each frequency, or empty.</param>
    /// <exception cref="UnsupportedModelException">A kind of scaling that the family does not have.</exception>
    public static RopeTable Build(RopeMetadata rope, int dimensions, int trainedContext, ReadOnlySpan<float> divisors)
    {
        double theta = rope.Base == 0 ? 10_000 : rope.Base;
        double factor = rope.Factor == 0 ? 1 : rope.Factor;
        int original = rope.OriginalContextLength == 0 ? trainedContext : rope.OriginalContextLength;
        float[] frequencies = new float[dimensions / 2];
        for (int i = 0; i < frequencies.Length; i++)
        {
            double frequency = Math.Pow(theta, -2.0 * i / dimensions);
            if (divisors.Length > 0)
                frequency /= divisors[i];
            frequencies[i] = (float)(rope.Scaling switch
            {
                RopeScaling.None => frequency,
                RopeScaling.Linear => frequency / factor,
                RopeScaling.Yarn => Yarn(rope, frequency, factor, i, dimensions, theta, original),
                RopeScaling.Llama3 => Llama3(rope, frequency, factor, original),
                _ => throw new UnsupportedModelException($"rope.scaling.type: '{rope.Scaling}' is not available for this family"),
            });
        }
        return new RopeTable(rope.Pairing, frequencies, Magnitude(rope, factor));
    }

    // YaRN (arXiv 2309.00071, sections 3.2 to 3.4): frequencies that turn fewer than BetaSlow times in the original context are
    // interpolated, those that turn more than BetaFast times are kept, with a linear ramp between the two.
    private static double Yarn(RopeMetadata rope, double frequency, double factor, int pair, int dimensions, double theta, int original)
    {
        double fast = rope.BetaFast == 0 ? 32 : rope.BetaFast;
        double slow = rope.BetaSlow == 0 ? 1 : rope.BetaSlow;
        double mix = rope.ExtrapolationFactor == 0 ? 1 : rope.ExtrapolationFactor;
        double low = Math.Max(0, Math.Floor(PairThatTurns(fast)));
        double high = Math.Min(dimensions - 1, Math.Ceiling(PairThatTurns(slow)));
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

    private static float Magnitude(RopeMetadata rope, double factor)
    {
        double attention = rope.AttentionFactor == 0 ? 1 : rope.AttentionFactor;
        return rope.Scaling == RopeScaling.Yarn && factor > 1
            ? (float)(attention * (1 + 0.1 * Math.Log(factor)))
            : (float)attention;
    }
}
