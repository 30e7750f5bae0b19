using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.Ops;

/// <summary>y = (x − mean(x)) / √(variance(x) + ε) · w + b, mean and variance in double.</summary>
internal static unsafe class LayerNorm
{
    /// <summary>Normalizes one row.</summary>
    /// <param name="x">The row.</param>
    /// <param name="weight">w.</param>
    /// <param name="bias">b, or null.</param>
    /// <param name="y">The result; may be <paramref name="x"/>.</param>
    /// <param name="width">Floats of the row.</param>
    /// <param name="epsilon">ε.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row(float* x, float* weight, float* bias, float* y, int width, float epsilon)
    {
        Vector256<double> low = default, high = default;
        int i = 0;
        for (; i <= width - 8; i += 8)
        {
            (Vector256<double> a, Vector256<double> b) = Vector256.Widen(Vector256.Load(x + i));
            low += a;
            high += b;
        }
        double sum = Vector256.Sum(low + high);
        for (; i < width; i++)
            sum += x[i];
        double mean = sum / width;
        Vector256<double> center = Vector256.Create(mean);
        low = high = default;
        for (i = 0; i <= width - 8; i += 8)
        {
            (Vector256<double> a, Vector256<double> b) = Vector256.Widen(Vector256.Load(x + i));
            a -= center;
            b -= center;
            low = Vector256.FusedMultiplyAdd(a, a, low);
            high = Vector256.FusedMultiplyAdd(b, b, high);
        }
        sum = Vector256.Sum(low + high);
        for (; i < width; i++)
            sum += (x[i] - mean) * (x[i] - mean);
        float scale = (float)(1 / Math.Sqrt(sum / width + epsilon)), shift = (float)mean;
        for (i = 0; i <= width - 8; i += 8)
        {
            Vector256<float> v = (Vector256.Load(x + i) - Vector256.Create(shift)) * scale * Vector256.Load(weight + i);
            (bias == null ? v : v + Vector256.Load(bias + i)).Store(y + i);
        }
        for (; i < width; i++)
        {
            float v = (x[i] - shift) * scale * weight[i];
            y[i] = bias == null ? v : v + bias[i];
        }
    }

    /// <summary>Normalizes rows that stand by features; bitwise <see cref="Row"/> of each.</summary>
    /// <param name="x">Feature after feature, each with <paramref name="rows"/> elements.</param>
    /// <param name="weight">w.</param>
    /// <param name="bias">b, or null.</param>
    /// <param name="y">The result, as <paramref name="x"/>.</param>
    /// <param name="width">The features.</param>
    /// <param name="rows">A multiple of 8.</param>
    /// <param name="epsilon">ε.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Features(float* x, float* weight, float* bias, float* y, int width, int rows, float epsilon)
    {
        for (int row = 0; row < rows; row += 8)
        {
            (Vector128<float> leftShift, Vector128<float> leftScale) = Moments(x + row, width, rows, epsilon);
            (Vector128<float> rightShift, Vector128<float> rightScale) = Moments(x + row + 4, width, rows, epsilon);
            Vector256<float> shift = Vector256.Create(leftShift, rightShift), scale = Vector256.Create(leftScale, rightScale);
            float* from = x + row, to = y + row;
            for (int i = 0; i < width; i++, from += rows, to += rows)
            {
                Vector256<float> v = (Vector256.Load(from) - shift) * scale * Vector256.Create(weight[i]);
                (bias == null ? v : v + Vector256.Create(bias[i])).Store(to);
            }
        }
    }

    // Of four rows.
    private static (Vector128<float> Shift, Vector128<float> Scale) Moments(float* x, int width, int rows, float epsilon)
    {
        Vector256<double> mean = FeatureSums.Plain(x, width, rows) / Vector256.Create((double)width);
        return (RmsNorm.Narrow(mean), RmsNorm.Scales(FeatureSums.Squares(x, width, rows, mean), width, epsilon));
    }
}
