using System.Runtime.CompilerServices;

namespace Tessera.Kernels.Cpu.RowDots.Floats;

/// <summary>The kernels behind <see cref="FloatDot"/>.</summary>
internal static unsafe partial class FloatDots
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scalar(float* row, float* others, nint stride, int count, int columns, float* output, nint outputStride)
    {
        for (int other = 0; other < count; other++, others += stride, output += outputStride)
        {
            double sum = 0;
            for (int i = 0; i < columns; i++)
                sum += (double)row[i] * others[i];
            *output = (float)sum;
        }
    }
}
