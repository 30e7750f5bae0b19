using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Tests.Ops;

/// <summary>Operations on rows, against float64.</summary>
public unsafe class RowOpTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(30)]
    [InlineData(576)]
    public void Rms_norm_is_the_formula(int width)
    {
        float[] x = Values(width, 1, 30), w = Values(width, 2, 1), y = new float[width];
        fixed (float* px = x, pw = w, py = y)
            RmsNorm.Row(px, pw, py, width, 1e-5f);
        double scale = 1 / Math.Sqrt(x.Sum(v => (double)v * v) / width + 1e-5f);
        for (int i = 0; i < width; i++)
            Assert.Equal(x[i] * scale * w[i], y[i], Math.Abs(x[i] * scale * w[i]) * 3e-7 + 1e-12);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(8)]
    [InlineData(1531)]
    public void Silu_is_the_formula(int width)
    {
        float[] gate = Values(width, 1, 20), up = Values(width, 2, 3), fast = new float[width], exact = new float[width];
        gate[0] = -200;
        fixed (float* g = gate, u = up, f = fast, e = exact)
        {
            Silu.Row(g, u, f, width);
            Silu.ExactRow(g, u, e, width);
        }
        for (int i = 0; i < width; i++)
        {
            double expected = gate[i] / (1 + Math.Exp(-gate[i])) * up[i];
            Assert.Equal(expected, fast[i], Math.Abs(expected) * 1e-6 + 1e-30);
            Assert.Equal(expected, exact[i], Math.Abs(expected) * 1e-7 + 1e-30);
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(29)]
    public void Sum_adds_in_place(int width)
    {
        float[] a = Values(width, 1, 1), b = Values(width, 2, 1);
        float[] expected = [.. a.Zip(b, (x, y) => x + y)];
        fixed (float* pa = a, pb = b)
            Sum.Row(pa, pb, pa, width);
        Assert.Equal(expected, a);
    }

    [Theory]
    [InlineData(RopePairing.Interleaved, 64, 32)]
    [InlineData(RopePairing.Halves, 64, 32)]
    [InlineData(RopePairing.Interleaved, 22, 5)]
    [InlineData(RopePairing.Halves, 22, 9)]
    public void Rope_is_accurate_at_a_million(RopePairing pairing, int length, int pairs)
    {
        float[] frequencies = [.. Enumerable.Range(0, pairs).Select(i => (float)Math.Pow(100_000, -(double)i / pairs))];
        float[] x = Values(length, 4, 1), y = new float[length], turn = new float[Rope.TurnLength(pairs)];
        foreach (int position in (int[])[0, 1, 4097, 999_999, 1_000_000])
        {
            fixed (float* px = x, py = y, pt = turn, pf = frequencies)
            {
                Rope.Turn(pf, pairs, pairing, 1.25f, position, pt);
                Rope.Head(px, py, length, pairs, pairing, pt, 0.5f);
            }
            double[] expected = [.. x.Select(v => v * 0.5)];
            for (int i = 0; i < pairs; i++)
            {
                (int a, int b) = pairing == RopePairing.Interleaved ? (2 * i, 2 * i + 1) : (i, i + pairs);
                double angle = (double)position * frequencies[i], cos = 0.625 * Math.Cos(angle), sin = 0.625 * Math.Sin(angle);
                (expected[a], expected[b]) = (x[a] * cos - x[b] * sin, x[a] * sin + x[b] * cos);
            }
            for (int i = 0; i < length; i++)
                Assert.Equal(expected[i], y[i], 3e-7);
        }
    }

    private static float[] Values(int count, int seed, float range)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => range * (2 * random.NextSingle() - 1))];
    }
}
