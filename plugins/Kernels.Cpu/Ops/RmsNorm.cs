using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.Ops;

/// <summary>y = x / √(mean(x²) + ε) · w, the mean in double.</summary>
internal static unsafe class RmsNorm
{
    /// <summary>Normalizes one row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row(float* x, float* weight, float* y, int width, float epsilon)
    {
        Vector256<double> low = default, high = default;
        int i = 0;
        for (; i <= width - 8; i += 8)
        {
            (Vector256<double> a, Vector256<double> b) = Vector256.Widen(Vector256.Load(x + i));
            low = Vector256.FusedMultiplyAdd(a, a, low);
            high = Vector256.FusedMultiplyAdd(b, b, high);
        }
        double sum = Vector256.Sum(low + high);
        for (; i < width; i++)
            sum += (double)x[i] * x[i];
        float scale = (float)(1 / Math.Sqrt(sum / width + epsilon));
        for (i = 0; i <= width - 8; i += 8)
            (Vector256.Load(x + i) * scale * Vector256.Load(weight + i)).Store(y + i);
        for (; i < width; i++)
            y[i] = x[i] * scale * weight[i];
    }

    /// <summary>Normalizes rows that stand by features; bitwise <see cref="Row"/> of each.</summary>
    /// <param name="x">Feature after feature, each with <paramref name="rows"/> elements.</param>
    /// <param name="weight">A weight for each feature.</param>
    /// <param name="y">The result, as <paramref name="x"/>.</param>
    /// <param name="width">The features.</param>
    /// <param name="rows">A multiple of 8.</param>
    /// <param name="epsilon">ε.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Features(float* x, float* weight, float* y, int width, int rows, float epsilon)
    {
        for (int row = 0; row < rows; row += 8)
        {
            Vector256<float> scale = Vector256.Create(Scales(x + row, width, rows, epsilon), Scales(x + row + 4, width, rows, epsilon));
            float* from = x + row, to = y + row;
            for (int i = 0; i < width; i++, from += rows, to += rows)
                (Vector256.Load(from) * scale * Vector256.Create(weight[i])).Store(to);
        }
    }

    private static Vector128<float> Scales(float* x, int width, int rows, float epsilon) => Scales(FeatureSums.Squares(x, width, rows), width, epsilon);

    /// <summary>1 / √(sum / width + ε) of four rows, as a row's scale is made.</summary>
    public static Vector128<float> Scales(Vector256<double> sums, int width, float epsilon) =>
        Narrow(Vector256<double>.One / Vector256.Sqrt(sums / Vector256.Create((double)width) + Vector256.Create((double)epsilon)));

    /// <summary>Four rows' numbers in single precision.</summary>
    public static Vector128<float> Narrow(Vector256<double> x) => Vector128.Create((float)x[0], (float)x[1], (float)x[2], (float)x[3]);
}
