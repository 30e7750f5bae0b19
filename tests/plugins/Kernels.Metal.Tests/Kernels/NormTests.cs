using Tessera.Kernels.Metal.Device;

namespace Tessera.Kernels.Metal.Tests.Kernels;

/// <summary>Norms against double precision, in every order of threads and with every access checked.</summary>
public sealed class NormTests
{
    private const double Tolerance = 1e-6;
    private const float Epsilon = 1e-5f;

    [Theory]
    [InlineData(1, 1, 1, true)]
    [InlineData(3, 1, 7, false)]
    [InlineData(2, 4, 31, true)]
    [InlineData(2, 3, 33, false)]
    [InlineData(3, 1, 1000, false)]
    public void Rms_and_layer_norm_are_the_double_precision_ones(int rows, int groups, int length, bool shares)
    {
        float[] x = Numbers.Floats(rows * groups * length, 1), weight = Numbers.Floats(shares ? length : groups * length, 2), bias = Numbers.Floats(weight.Length, 3);
        NormArguments arguments = new() { Length = (uint)length, Groups = (uint)groups, SharesWeight = shares ? 1u : 0u, HasBias = 1, Epsilon = Epsilon };
        foreach (bool centered in (bool[])[false, true])
        {
            float[] found = Gpu.InEveryOrder<float>(gpu => Norm(gpu, x, weight, bias, arguments, rows, centered));
            Require(Expected(x, weight, bias, groups, length, centered), found);
        }
    }

    /// <summary>Norms of groups, for tests of seeded bugs.</summary>
    internal static void Check(Gpu gpu)
    {
        const int Rows = 2, Groups = 3, Length = 150;
        float[] x = Numbers.Floats(Rows * Groups * Length, 1), weight = Numbers.Floats(Groups * Length, 2), bias = Numbers.Floats(Groups * Length, 3);
        NormArguments arguments = new() { Length = Length, Groups = Groups, HasBias = 1, Epsilon = Epsilon };
        Require(Expected(x, weight, bias, Groups, Length, centered: false), Norm(gpu, x, weight, bias, arguments, Rows, centered: false));
        Require(Expected(x, weight, bias, Groups, Length, centered: true), Norm(gpu, x, weight, bias, arguments, Rows, centered: true));
    }

    private static float[] Norm(Gpu gpu, float[] x, float[] weight, float[] bias, NormArguments arguments, int rows, bool centered)
    {
        Pipeline norm = gpu.Device.Pipelines.Get(KernelText.Of("norm"), centered ? "layer_norm" : "rms_norm");
        DeviceBuffer input = gpu.Put<float>(x), w = gpu.Put<float>(weight), b = gpu.Put<float>(bias), y = gpu.New<float>(x.Length);
        gpu.Run(c => c.Use(norm).Bind(0, input.At(0)).Bind(1, w.At(0)).Bind(2, b.At(0)).Bind(3, y.At(0)).Bind(4, arguments).Run(arguments.Groups, rows, 1, arguments.Length > 100 ? 128 : 64));
        return Gpu.Get<float>(y, x.Length);
    }

    [Theory]
    [InlineData("add_rms_norm", 31)]
    [InlineData("add_layer_norm", 257)]
    public void A_sum_is_stored_and_normalized(string kernel, int length)
    {
        const int Rows = 3;
        float[] a = Numbers.Floats(Rows * length, 1), b = Numbers.Floats(Rows * length, 2), weight = Numbers.Floats(length, 3), bias = Numbers.Floats(length, 4);
        float[] sum = [.. a.Zip(b, (x, y) => x + y)];
        float[] found = Gpu.InEveryOrder<float>(gpu =>
        {
            Pipeline norm = gpu.Device.Pipelines.Get(KernelText.Of("norm"), kernel);
            DeviceBuffer left = gpu.Put<float>(a), right = gpu.Put<float>(b), s = gpu.New<float>(a.Length), w = gpu.Put<float>(weight), o = gpu.Put<float>(bias), y = gpu.New<float>(a.Length);
            NormArguments arguments = new() { Length = (uint)length, Groups = 1, HasBias = 1, Epsilon = Epsilon };
            gpu.Run(c => c.Use(norm).Bind(0, left.At(0)).Bind(1, right.At(0)).Bind(2, s.At(0)).Bind(3, w.At(0)).Bind(4, o.At(0)).Bind(5, y.At(0)).Bind(6, arguments).Run(1, Rows, 1, 96));
            Assert.Equal(sum, Gpu.Get<float>(s, a.Length));
            return Gpu.Get<float>(y, a.Length);
        });
        Require(Expected(sum, weight, bias, 1, length, kernel == "add_layer_norm"), found);
    }

    private static double[] Expected(float[] x, float[] weight, float[] bias, int groups, int length, bool centered)
    {
        double[] y = new double[x.Length];
        for (int g = 0; g < x.Length / length; g++)
        {
            float[] group = x[(g * length)..((g + 1) * length)];
            double mean = centered ? group.Average(v => (double)v) : 0, square = group.Average(v => (v - mean) * (v - mean));
            for (int i = 0; i < length; i++)
            {
                int at = weight.Length == length ? i : g % groups * length + i;
                y[g * length + i] = (group[i] - mean) / Math.Sqrt(square + Epsilon) * weight[at] + bias[at];
            }
        }
        return y;
    }

    private static void Require(double[] expected, float[] found) => Assert.InRange(Numbers.Relative(expected, found), 0, Tolerance);
}
