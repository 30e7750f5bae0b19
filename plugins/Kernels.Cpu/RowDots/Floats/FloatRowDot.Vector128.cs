using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.Floats;

internal static unsafe partial class FloatRowDot
{
    /// <summary>Sixteen columns at a time, in four sums of four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Portable<TWeight>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activation, float* output)
        where TWeight : struct, IFloatWeight
    {
        float* x = (float*)activation;
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            Vector128<float> a = default, b = default, c = default, d = default;
            byte* w = weights;
            int i = 0;
            for (; i <= columns - 16; i += 16, w += 16 * TWeight.Bytes)
            {
                a = Vector128.FusedMultiplyAdd(TWeight.Load4(w), Vector128.Load(x + i), a);
                b = Vector128.FusedMultiplyAdd(TWeight.Load4(w + 4 * TWeight.Bytes), Vector128.Load(x + i + 4), b);
                c = Vector128.FusedMultiplyAdd(TWeight.Load4(w + 8 * TWeight.Bytes), Vector128.Load(x + i + 8), c);
                d = Vector128.FusedMultiplyAdd(TWeight.Load4(w + 12 * TWeight.Bytes), Vector128.Load(x + i + 12), d);
            }
            float sum = Vector128.Sum((a + c) + (b + d));
            for (; i < columns; i++, w += TWeight.Bytes)
                sum = MathF.FusedMultiplyAdd(TWeight.Load1(w), x[i], sum);
            output[row] = sum;
        }
    }
}
