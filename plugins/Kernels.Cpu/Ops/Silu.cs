using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.Ops;

/// <summary>y = g · sigmoid(g) · u (arXiv 2002.05202).</summary>
internal static unsafe class Silu
{
    /// <summary>Gates one row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row(float* gate, float* up, float* y, int width)
    {
        int i = 0;
        for (; i <= width - 8; i += 8)
        {
            Vector256<float> g = Vector256.Load(gate + i);
            (g / (Vector256<float>.One + FastExp.Exp(-g)) * Vector256.Load(up + i)).Store(y + i);
        }
        if (i < width)
            ExactRow(gate + i, up + i, y + i, width - i);
    }

    /// <summary>As <see cref="Row"/>, with the library's exponential.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ExactRow(float* gate, float* up, float* y, int width)
    {
        for (int i = 0; i < width; i++)
            y[i] = (float)(gate[i] / (1 + Math.Exp(-(double)gate[i])) * up[i]);
    }
}
