using Tessera.Engine.Architectures;

namespace Tessera.Engine.Tests.Architectures;

public sealed class RopeFrequencyTests
{
    private const int Dimensions = 64;
    private const double Base = 10_000;

    private static double Plain(int pair) => Math.Pow(Base, -2.0 * pair / Dimensions);

    [Fact]
    public void Without_scaling_a_frequency_falls_by_powers_of_the_base()
    {
        RopeTable table = RopeFrequencies.Build(new RopeMetadata(), Dimensions, 4096, []);
        Assert.Equal(32, table.Frequencies.Length);
        Assert.All(Enumerable.Range(0, 32), i => Assert.Equal((float)Plain(i), table.Frequencies[i]));
        Assert.Equal(1, table.Magnitude);
    }

    [Fact]
    public void Linear_scaling_divides_all_frequencies()
    {
        RopeTable table = RopeFrequencies.Build(new RopeMetadata { Scaling = RopeScaling.Linear, Factor = 4 }, Dimensions, 4096, []);
        Assert.All(Enumerable.Range(0, 32), i => Assert.Equal((float)(Plain(i) / 4), table.Frequencies[i]));
    }

    [Fact]
    public void Yarn_keeps_fast_frequencies_and_divides_slow_ones()
    {
        RopeTable table = RopeFrequencies.Build(new RopeMetadata { Scaling = RopeScaling.Yarn, Factor = 4, OriginalContextLength = 4096 }, Dimensions, 16384, []);
        Assert.Equal((float)Plain(0), table.Frequencies[0]);
        Assert.Equal((float)(Plain(31) / 4), table.Frequencies[31], 1e-9f);
        Assert.Equal(1 + 0.1 * Math.Log(4), table.Magnitude, 1e-6);
        Assert.All(Enumerable.Range(0, 32), i => Assert.InRange(table.Frequencies[i], Plain(i) / 4 * 0.999999, Plain(i) * 1.000001));
    }

    [Fact]
    public void Llama3_keeps_short_wavelengths_and_divides_long_ones()
    {
        RopeMetadata rope = new() { Scaling = RopeScaling.Llama3, Factor = 8, LowFrequencyFactor = 1, HighFrequencyFactor = 4, OriginalContextLength = 8192 };
        RopeTable table = RopeFrequencies.Build(rope, Dimensions, 131072, []);
        for (int i = 0; i < 32; i++)
        {
            double wavelength = 2 * Math.PI / Plain(i);
            if (wavelength < 8192.0 / 4)
                Assert.Equal((float)Plain(i), table.Frequencies[i]);
            else if (wavelength > 8192)
                Assert.Equal((float)(Plain(i) / 8), table.Frequencies[i]);
            else
                Assert.InRange(table.Frequencies[i], Plain(i) / 8, Plain(i));
        }
        Assert.Contains(table.Frequencies, f => Math.Abs(f * 8 - Plain(Array.IndexOf(table.Frequencies, f))) < 1e-9);
    }

    [Fact]
    public void Divisors_of_the_file_apply_to_each_frequency()
    {
        float[] divisors = [.. Enumerable.Range(0, 32).Select(i => 1f + i)];
        RopeTable table = RopeFrequencies.Build(new RopeMetadata(), Dimensions, 4096, divisors);
        Assert.All(Enumerable.Range(0, 32), i => Assert.Equal((float)(Plain(i) / (1 + i)), table.Frequencies[i]));
    }

    [Fact]
    public void Long_sequences_have_divisors_of_their_own()
    {
        float[] ofShort = [.. Enumerable.Range(0, 32).Select(i => 1f + i)], ofLong = [.. Enumerable.Range(0, 32).Select(i => 40f + i)];
        RopeTable table = RopeFrequencies.Build(new RopeMetadata { Scaling = RopeScaling.LongRope, OriginalContextLength = 512, AttentionFactor = 1.25f }, Dimensions, 4096, ofShort, ofLong);
        Assert.All(Enumerable.Range(0, 32), i => Assert.Equal((float)(Plain(i) / (1 + i)), table.Frequencies[i]));
        Assert.All(Enumerable.Range(0, 32), i => Assert.Equal((float)(Plain(i) / (40 + i)), table.Long!.Frequencies[i]));
        Assert.Equal((512, 1.25f, 1.25f), (table.Long!.AboveTokens, table.Magnitude, table.Long.Magnitude));
        Assert.True(table.Differs(512, 513));
        Assert.False(table.Differs(513, 4096));
    }

    [Fact]
    public void LongRope_without_its_divisors_is_refused()
    {
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => RopeFrequencies.Build(new RopeMetadata { Scaling = RopeScaling.LongRope }, Dimensions, 4096, []));
        Assert.Contains("rope_factors_long.weight", e.Message);
    }

    [Fact]
    public void Dynamic_scaling_stretches_with_the_planned_length()
    {
        RopeTable table = RopeFrequencies.Build(new RopeMetadata { Scaling = RopeScaling.Dynamic, Factor = 2, Base = 5000 }, Dimensions, 4096, []);
        Assert.Equal(new RopeStretch(5000, 2, 4096), table.Stretch);
        Assert.Equal((float)Math.Pow(5000, -2.0 * 7 / Dimensions), table.Frequencies[7]);
        Assert.Contains("factor", Refused(new RopeMetadata { Scaling = RopeScaling.Dynamic, Factor = 0.5f }, Dimensions, []));
        Assert.Contains("dimension_count", Refused(new RopeMetadata { Scaling = RopeScaling.Dynamic, Factor = 2 }, 2, []));
        Assert.Contains("rope_freqs.weight", Refused(new RopeMetadata { Scaling = RopeScaling.Dynamic, Factor = 2 }, Dimensions, new float[32]));
    }

    [Fact]
    public void The_ends_of_yarns_ramp_are_whole_pairs_unless_the_model_says_otherwise()
    {
        RopeMetadata rope = new() { Scaling = RopeScaling.Yarn, Factor = 4, OriginalContextLength = 4096 };
        float[] whole = RopeFrequencies.Build(rope, Dimensions, 4096, []).Frequencies, fractional = RopeFrequencies.Build(rope with { FractionalRamp = true }, Dimensions, 4096, []).Frequencies;
        // 4096 tokens turn 32 times, and once, at these pairs.
        double low = Math.Log(4096 / (32 * 2 * Math.PI)) * 32 / Math.Log(Base), high = Math.Log(4096 / (2 * Math.PI)) * 32 / Math.Log(Base);
        Assert.Equal((10, 23), ((int)low, (int)Math.Ceiling(high)));
        for (int i = 0; i < 32; i++)
        {
            Assert.Equal(Mixed(i, Math.Clamp((i - low) / (high - low), 0, 1)), fractional[i], 1e-7f);
            Assert.Equal(Mixed(i, Math.Clamp((i - 10) / 13.0, 0, 1)), whole[i], 1e-7f);
        }
        Assert.NotEqual(whole[15], fractional[15]);

        static float Mixed(int pair, double ramp) => (float)(Plain(pair) / 4 * ramp + Plain(pair) * (1 - ramp));
    }

    private static string Refused(RopeMetadata rope, int dimensions, float[] divisors) =>
        Assert.ThrowsAny<TesseraException>(() => RopeFrequencies.Build(rope, dimensions, 4096, divisors)).Message;
}
