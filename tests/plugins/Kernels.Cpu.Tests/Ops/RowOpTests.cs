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

    public static TheoryData<Activation, int> Activations => new MatrixTheoryData<Activation, int>(Enum.GetValues<Activation>(), [5, 8, 1531]);

    [Theory, MemberData(nameof(Activations))]
    public void Gates_are_their_formulas(Activation activation, int width)
    {
        const float Limit = 7;
        float[] gate = Values(width, 1, 20), up = Values(width, 2, 9), fast = new float[width], exact = new float[width], alone = new float[width];
        gate[0] = -200;
        gate[1] = 200;
        for (int i = 2; i < width; i += 3)
            gate[i] /= 10;
        fixed (float* g = gate, u = up, f = fast, e = exact, a = alone)
        {
            Gates.Row(activation, false, g, u, f, width, Limit);
            Gates.Row(activation, true, g, u, e, width, Limit);
            Gates.Row(activation, false, g, null, a, width, Limit);
        }
        for (int i = 0; i < width; i++)
        {
            double expected = Nonlinearity(activation, gate[i], up[i], Limit), one = Nonlinearity(activation, gate[i], 1, Limit);
            // The error function is approximated to 1.5e-7; in the others' tails the exponent's rounding shows.
            double tail = activation == Activation.Gelu ? 2e-7 : 1e-9;
            // A tangent near zero is a difference of numbers near one.
            double small = activation == Activation.Tanh ? 4e-7 : 0;
            Assert.Equal(expected, fast[i], Math.Abs(expected) * 2e-6 + Math.Abs(gate[i] * up[i]) * tail + Math.Abs(up[i]) * small);
            Assert.Equal(expected, exact[i], Math.Abs(expected) * 2e-7 + 1e-30);
            Assert.Equal(one, alone[i], Math.Abs(one) * 2e-6 + Math.Abs(gate[i]) * tail + small);
        }
    }

    private static double Nonlinearity(Activation activation, double g, double u, double limit) => activation switch
    {
        Activation.Silu => g / (1 + Math.Exp(-g)) * u,
        Activation.Gelu => g * Tail(-g) * u,
        Activation.Tanh => Math.Tanh(g) * u,
        Activation.Relu => Math.Max(0, g) * u,
        Activation.GeluTanh => g / (1 + Math.Exp(-2 * Math.Sqrt(2 / Math.PI) * (g + 0.044715 * g * g * g))) * u,
        _ => Math.Min(g, limit) / (1 + Math.Exp(-1.702 * Math.Min(g, limit))) * (Math.Clamp(u, -limit, limit) + 1),
    };

    // The normal distribution's weight above x, by Simpson's rule.
    private static double Tail(double x)
    {
        if (x < 0)
            return 1 - Tail(-x);
        const int Steps = 4000;
        double h = 8.0 / Steps, sum = 0;
        for (int i = 0; i <= Steps; i++)
            sum += Math.Exp(-(x + i * h) * (x + i * h) / 2) * (i is 0 or Steps ? 1 : i % 2 == 0 ? 2 : 4);
        return sum * h / 3 / Math.Sqrt(2 * Math.PI);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(7, true)]
    [InlineData(30, false)]
    [InlineData(577, true)]
    public void Layer_norm_is_the_formula(int width, bool biased)
    {
        float[] x = Values(width, 1, 30), w = Values(width, 2, 1), b = Values(width, 3, 1), y = new float[width];
        for (int i = 0; i < width; i++)
            x[i] += 50;
        fixed (float* px = x, pw = w, pb = b, py = y)
            LayerNorm.Row(px, pw, biased ? pb : null, py, width, 1e-5f);
        double mean = x.Average(v => (double)v), scale = 1 / Math.Sqrt(x.Average(v => (v - mean) * (v - mean)) + 1e-5f);
        for (int i = 0; i < width; i++)
            Assert.Equal((x[i] - mean) * scale * w[i] + (biased ? b[i] : 0), y[i], 2e-6);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Soft_caps_are_the_formula(bool exact)
    {
        float[] x = [.. Values(37, 1, 80), 1e30f, -1e30f, 0], y = (float[])x.Clone();
        fixed (float* p = y)
            SoftCap.Run(p, y.Length, 30, exact);
        for (int i = 0; i < x.Length; i++)
            Assert.Equal(30 * Math.Tanh(x[i] / 30.0), y[i], exact ? 2e-6 : 1e-5);
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
    [InlineData(RopePairing.Interleaved, 64, 0, 32)]
    [InlineData(RopePairing.Halves, 64, 0, 32)]
    [InlineData(RopePairing.Interleaved, 22, 3, 5)]
    [InlineData(RopePairing.Halves, 22, 1, 9)]
    [InlineData(RopePairing.Halves, 50, 34, 8)]
    public void Rope_is_accurate_at_a_million(RopePairing pairing, int length, int offset, int pairs)
    {
        double[] frequencies = [.. Enumerable.Range(0, pairs).Select(i => Math.Pow(100_000, -(double)i / pairs))];
        float[] x = Values(length, 4, 1), y = new float[length], turn = new float[Rope.TurnLength(pairs)];
        foreach (int position in (int[])[0, 1, 4097, 999_999, 1_000_000])
        {
            fixed (float* px = x, py = y, pt = turn)
            fixed (double* pf = frequencies)
            {
                Rope.Turn(pf, pairs, pairing, 1.25f, position, pt);
                Rope.Head(px, py, length, offset, pairs, pairing, pt, 0.5f);
            }
            double[] expected = [.. x.Select(v => v * 0.5)];
            for (int i = 0; i < pairs; i++)
            {
                (int a, int b) = pairing == RopePairing.Interleaved ? (offset + 2 * i, offset + 2 * i + 1) : (offset + i, offset + i + pairs);
                double angle = position * frequencies[i], cos = 0.625 * Math.Cos(angle), sin = 0.625 * Math.Sin(angle);
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
