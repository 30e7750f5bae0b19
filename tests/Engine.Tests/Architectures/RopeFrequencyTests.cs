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
    public void A_kind_of_scaling_that_is_not_there_is_refused()
    {
        UnsupportedModelException e = Assert.Throws<UnsupportedModelException>(() => RopeFrequencies.Build(new RopeMetadata { Scaling = RopeScaling.LongRope }, Dimensions, 4096, []));
        Assert.Contains("LongRope", e.Message);
    }
}
