using System.Runtime.CompilerServices;

namespace Tessera.Kernels.Cpu.RowDots.Floats;

/// <summary>Float weight rows with a float activation row of any length.</summary>
internal static unsafe partial class FloatRowDot
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scalar<TWeight>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activation, float* output)
        where TWeight : struct, IFloatWeight
    {
        float* x = (float*)activation;
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            double sum = 0;
            for (int i = 0; i < columns; i++)
                sum += (double)TWeight.Load1(weights + (nint)i * TWeight.Bytes) * x[i];
            output[row] = (float)sum;
        }
    }
}
