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
}
