using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.Floats;

internal static unsafe partial class FloatRowDot
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Avx2<TWeight>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activation, float* output)
        where TWeight : struct, IFloatWeight
    {
        float* x = (float*)activation;
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* w = weights;
            Vector256<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
            int i = 0;
            for (; i <= columns - 4 * 8; i += 4 * 8, w += 4 * 8 * TWeight.Bytes)
            {
                Sse.Prefetch0(w + Prefetch.Distance);
                if (TWeight.Bytes * 8 * 4 > 64)
                    Sse.Prefetch0(w + Prefetch.Distance + 64);
                if (TWeight.Bytes * 8 * 4 > 128)
                {
                    Sse.Prefetch0(w + Prefetch.Distance + 128);
                    Sse.Prefetch0(w + Prefetch.Distance + 192);
                }
                sum0 = Fma.MultiplyAdd(TWeight.Load8(w), Vector256.Load(x + i), sum0);
                sum1 = Fma.MultiplyAdd(TWeight.Load8(w + 8 * TWeight.Bytes), Vector256.Load(x + i + 8), sum1);
                sum2 = Fma.MultiplyAdd(TWeight.Load8(w + 2 * 8 * TWeight.Bytes), Vector256.Load(x + i + 2 * 8), sum2);
                sum3 = Fma.MultiplyAdd(TWeight.Load8(w + 3 * 8 * TWeight.Bytes), Vector256.Load(x + i + 3 * 8), sum3);
            }
            for (; i <= columns - 8; i += 8, w += 8 * TWeight.Bytes)
                sum0 = Fma.MultiplyAdd(TWeight.Load8(w), Vector256.Load(x + i), sum0);
            float sum = Vector256.Sum(sum0 + sum1 + (sum2 + sum3));
            for (; i < columns; i++, w += TWeight.Bytes)
                sum = MathF.FusedMultiplyAdd(TWeight.Load1(w), x[i], sum);
            output[row] = sum;
        }
    }
}
