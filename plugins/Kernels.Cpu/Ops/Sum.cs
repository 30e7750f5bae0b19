using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.Ops;

/// <summary>Sums and products with a factor.</summary>
internal static unsafe class Sum
{
    /// <summary>y = a + b; <paramref name="y"/> may be either of the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row(float* a, float* b, float* y, int width)
    {
        int i = 0;
        for (; i <= width - 8; i += 8)
            (Vector256.Load(a + i) + Vector256.Load(b + i)).Store(y + i);
        for (; i < width; i++)
            y[i] = a[i] + b[i];
    }

    /// <summary>x += a value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Value(float* x, float value, int width)
    {
        int i = 0;
        for (; i <= width - 8; i += 8)
            (Vector256.Load(x + i) + Vector256.Create(value)).Store(x + i);
        for (; i < width; i++)
            x[i] += value;
    }

    /// <summary>y = x · factor; <paramref name="y"/> may be <paramref name="x"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(float* x, float factor, float* y, int width)
    {
        int i = 0;
        for (; i <= width - 8; i += 8)
            (Vector256.Load(x + i) * factor).Store(y + i);
        for (; i < width; i++)
            y[i] = x[i] * factor;
    }

    /// <summary>y += x · factor, each rounded once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(float* x, float factor, float* y, int width)
    {
        Vector256<float> f = Vector256.Create(factor);
        int i = 0;
        for (; i <= width - 8; i += 8)
            Vector256.FusedMultiplyAdd(Vector256.Load(x + i), f, Vector256.Load(y + i)).Store(y + i);
        for (; i < width; i++)
            y[i] = MathF.FusedMultiplyAdd(x[i], factor, y[i]);
    }
}
