using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.Floats;

internal static unsafe partial class FloatRowDot
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Avx512<TWeight>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activation, float* output)
        where TWeight : struct, IFloatWeight
    {
        float* x = (float*)activation;
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* w = weights;
            Vector512<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
            int i = 0;
            for (; i <= columns - 4 * 16; i += 4 * 16, w += 4 * 16 * TWeight.Bytes)
            {
                Sse.Prefetch0(w + Prefetch.Distance);
                if (TWeight.Bytes * 16 * 4 > 64)
                    Sse.Prefetch0(w + Prefetch.Distance + 64);
                if (TWeight.Bytes * 16 * 4 > 128)
                {
                    Sse.Prefetch0(w + Prefetch.Distance + 128);
                    Sse.Prefetch0(w + Prefetch.Distance + 192);
                }
                sum0 = Avx512F.FusedMultiplyAdd(TWeight.Load16(w), Vector512.Load(x + i), sum0);
                sum1 = Avx512F.FusedMultiplyAdd(TWeight.Load16(w + 16 * TWeight.Bytes), Vector512.Load(x + i + 16), sum1);
                sum2 = Avx512F.FusedMultiplyAdd(TWeight.Load16(w + 2 * 16 * TWeight.Bytes), Vector512.Load(x + i + 2 * 16), sum2);
                sum3 = Avx512F.FusedMultiplyAdd(TWeight.Load16(w + 3 * 16 * TWeight.Bytes), Vector512.Load(x + i + 3 * 16), sum3);
            }
            for (; i <= columns - 16; i += 16, w += 16 * TWeight.Bytes)
                sum0 = Avx512F.FusedMultiplyAdd(TWeight.Load16(w), Vector512.Load(x + i), sum0);
            float sum = Vector512.Sum(sum0 + sum1 + (sum2 + sum3));
            for (; i < columns; i++, w += TWeight.Bytes)
                sum = MathF.FusedMultiplyAdd(TWeight.Load1(w), x[i], sum);
            output[row] = sum;
        }
    }
}
