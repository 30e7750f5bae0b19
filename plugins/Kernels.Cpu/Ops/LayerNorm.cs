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
            y[i] = (x[i] - shift) * scale * weight[i] + (bias == null ? 0 : bias[i]);
    }
}
