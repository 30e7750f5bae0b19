namespace Tessera.Quant.Fp8Nf4.Tests;

public class Nf4Tests
{
    [Fact]
    public void Levels_are_quantiles_of_the_normal_distribution()
    {
        // The paper's construction: eight quantiles below 0 and nine above, evenly spaced in probability up to 0.9677083, scaled to 1; 0 once.
        using Weight weight = new("nf4", [64], [.. Weight.Bytes(1), .. Enumerable.Range(0, 32).Select(i => (byte)(2 * i << 4 | 2 * i + 1 & 15))]);
        float[] levels = weight.Values()[..16];
        const double offset = 0.9677083;
        double most = Quantile(offset);
        for (int i = 0; i < 8; i++)
        {
            Assert.Equal(-Quantile(offset + (0.5 - offset) * i / 7) / most, levels[i], 2e-6);
            Assert.Equal(Quantile(0.5 + (offset - 0.5) * (i + 1) / 8) / most, levels[8 + i], 2e-6);
        }
        Assert.Equal((-1f, 0f, 1f), (levels[0], levels[7], levels[15]));
    }

    [Fact]
    public void The_high_nibble_comes_first_and_the_magnitude_before_the_nibbles()
    {
        using Weight weight = new("nf4", [64], [.. Weight.Bytes(3), 0x0f, 0x7e, .. new byte[30]]);
        Assert.Equal([-3, 3, 0, 3 * 0.7229568362236023f, -3], weight.Values()[..5]);
    }

    [Fact]
    public void Two_parts_hold_the_same_values_as_blocks()
    {
        byte[] blocks = Quantized(6 * 64, 3, out _);
        byte[] data = [.. Enumerable.Range(0, 6).SelectMany(block => blocks[(36 * block + 4)..(36 * block + 36)])];
        byte[] scales = [.. Enumerable.Range(0, 6).SelectMany(block => blocks[(36 * block)..(36 * block + 4)])];
        using Weight one = new("nf4", [2, 192], blocks), two = new("nf4", [2, 192], data, scales);
        Assert.Equal(one.Values(), two.Values());
        // Groups run over the flattened tensor: of 128 values, the second of a row of 192 reaches into the next.
        using Weight wide = new("nf4", [2, 192], data, Weight.Bytes(1, 2, 3), ("group", "128"));
        using Weight unit = new("nf4", [2, 192], data, Weight.Bytes(1, 1, 1, 1, 1, 1));
        Assert.Equal(unit.Values().Select((value, i) => value * (1 + i / 128)), wide.Values());
    }

    [Fact]
    public void Quantizing_takes_the_nearest_level_of_the_blocks_largest_magnitude()
    {
        byte[] blocks = Quantized(64 * 50, 5, out float[] values);
        using Weight weight = new("nf4", [50, 64], blocks);
        using Weight all = new("nf4", [64], [.. Weight.Bytes(1), .. Enumerable.Range(0, 32).Select(i => (byte)(2 * i << 4 | 2 * i + 1 & 15))]);
        float[] found = weight.Values(), levels = all.Values()[..16];
        for (int block = 0; block < 50; block++)
        {
            float largest = values.Skip(64 * block).Take(64).Max(MathF.Abs);
            for (int i = 64 * block; i < 64 * (block + 1); i++)
                Assert.Equal(levels.Min(level => Math.Abs((double)values[i] - level * (double)largest)), Math.Abs((double)values[i] - found[i]), 1e-6 * largest);
        }
        float[] zeros = new float[64];
        byte[] zero = new byte[36];
        ((IQuantizer)Types.Get("nf4")).Quantize(zeros, zero);
        using Weight nothing = new("nf4", [64], zero);
        Assert.Equal(zeros, nothing.Values());
    }

    private static byte[] Quantized(int count, int seed, out float[] values)
    {
        Random random = new(seed);
        values = [.. Enumerable.Range(0, count).Select(i => (random.NextSingle() - 0.45f) * MathF.Pow(10, i / 64 % 5 - 3))];
        IQuantizer quantizer = (IQuantizer)Types.Get("nf4");
        byte[] bytes = new byte[quantizer.QuantizedBytes(count)];
        quantizer.Quantize(values, bytes);
        return bytes;
    }

    /// <summary>The inverse of the normal distribution, by bisection of a numerical integral.</summary>
    private static double Quantile(double probability)
    {
        double low = 0, high = 4;
        for (int i = 0; i < 60; i++)
        {
            double middle = (low + high) / 2;
            if (0.5 + Integral(middle) < probability)
                low = middle;
            else
                high = middle;
        }
        return low;
    }

    private static double Integral(double to)
    {
        const int steps = 2000;
        double step = to / steps, sum = 0;
        for (int i = 0; i <= steps; i++)
            sum += (i is 0 or steps ? 1 : i % 2 == 1 ? 4 : 2) * Math.Exp(-i * step * i * step / 2);
        return sum * step / 3 / Math.Sqrt(2 * Math.PI);
    }
}
