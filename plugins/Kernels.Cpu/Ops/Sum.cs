using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.Ops;

/// <summary>y = a + b.</summary>
internal static unsafe class Sum
{
    /// <summary>Adds rows; <paramref name="y"/> may be either of the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row(float* a, float* b, float* y, int width)
    {
        int i = 0;
        for (; i <= width - 8; i += 8)
            (Vector256.Load(a + i) + Vector256.Load(b + i)).Store(y + i);
        for (; i < width; i++)
            y[i] = a[i] + b[i];
    }
}
