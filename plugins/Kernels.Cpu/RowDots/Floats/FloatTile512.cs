using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.Floats;

/// <summary>Rows of float weights of any length, 16 at a time: each is widened once for all activation rows.</summary>
internal readonly unsafe struct FloatTile512<TWeight> : IRowTile
    where TWeight : struct, IFloatWeight
{
    public static int MostRows => 4;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TRows>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activations, nint stride, float* output, nint outputStride)
        where TRows : struct, ICount
    {
        float* x0 = (float*)activations, x1 = (float*)(activations + stride), x2 = (float*)(activations + 2 * stride), x3 = (float*)(activations + 3 * stride);
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* w = weights;
            // Four chains for each activation row.
            Vector512<float> a0 = default, b0 = default, c0 = default, d0 = default;
            Vector512<float> a1 = default, b1 = default, c1 = default, d1 = default;
            Vector512<float> a2 = default, b2 = default, c2 = default, d2 = default;
            Vector512<float> a3 = default, b3 = default, c3 = default, d3 = default;
            int i = 0;
            for (; i <= columns - 4 * 16; i += 4 * 16, w += 4 * 16 * TWeight.Bytes)
            {
                Ahead(w);
                Vector512<float> w0 = TWeight.Load16(w), w1 = TWeight.Load16(w + 16 * TWeight.Bytes), w2 = TWeight.Load16(w + 2 * 16 * TWeight.Bytes), w3 = TWeight.Load16(w + 3 * 16 * TWeight.Bytes);
                a0 = Avx512F.FusedMultiplyAdd(w0, Vector512.Load(x0 + i), a0);
                b0 = Avx512F.FusedMultiplyAdd(w1, Vector512.Load(x0 + i + 16), b0);
                c0 = Avx512F.FusedMultiplyAdd(w2, Vector512.Load(x0 + i + 2 * 16), c0);
                d0 = Avx512F.FusedMultiplyAdd(w3, Vector512.Load(x0 + i + 3 * 16), d0);
                if (TRows.Count > 1)
                {
                    a1 = Avx512F.FusedMultiplyAdd(w0, Vector512.Load(x1 + i), a1);
                    b1 = Avx512F.FusedMultiplyAdd(w1, Vector512.Load(x1 + i + 16), b1);
                    c1 = Avx512F.FusedMultiplyAdd(w2, Vector512.Load(x1 + i + 2 * 16), c1);
                    d1 = Avx512F.FusedMultiplyAdd(w3, Vector512.Load(x1 + i + 3 * 16), d1);
                }
                if (TRows.Count > 2)
                {
                    a2 = Avx512F.FusedMultiplyAdd(w0, Vector512.Load(x2 + i), a2);
                    b2 = Avx512F.FusedMultiplyAdd(w1, Vector512.Load(x2 + i + 16), b2);
                    c2 = Avx512F.FusedMultiplyAdd(w2, Vector512.Load(x2 + i + 2 * 16), c2);
                    d2 = Avx512F.FusedMultiplyAdd(w3, Vector512.Load(x2 + i + 3 * 16), d2);
                }
                if (TRows.Count > 3)
                {
                    a3 = Avx512F.FusedMultiplyAdd(w0, Vector512.Load(x3 + i), a3);
                    b3 = Avx512F.FusedMultiplyAdd(w1, Vector512.Load(x3 + i + 16), b3);
                    c3 = Avx512F.FusedMultiplyAdd(w2, Vector512.Load(x3 + i + 2 * 16), c3);
                    d3 = Avx512F.FusedMultiplyAdd(w3, Vector512.Load(x3 + i + 3 * 16), d3);
                }
            }
            for (; i <= columns - 16; i += 16, w += 16 * TWeight.Bytes)
            {
                Vector512<float> v = TWeight.Load16(w);
                a0 = Avx512F.FusedMultiplyAdd(v, Vector512.Load(x0 + i), a0);
                if (TRows.Count > 1)
                    a1 = Avx512F.FusedMultiplyAdd(v, Vector512.Load(x1 + i), a1);
                if (TRows.Count > 2)
                    a2 = Avx512F.FusedMultiplyAdd(v, Vector512.Load(x2 + i), a2);
                if (TRows.Count > 3)
                    a3 = Avx512F.FusedMultiplyAdd(v, Vector512.Load(x3 + i), a3);
            }
            output[row] = Finish(w, x0 + i, columns - i, Vector512.Sum(a0 + b0 + (c0 + d0)));
            if (TRows.Count > 1)
                output[row + outputStride] = Finish(w, x1 + i, columns - i, Vector512.Sum(a1 + b1 + (c1 + d1)));
            if (TRows.Count > 2)
                output[row + 2 * outputStride] = Finish(w, x2 + i, columns - i, Vector512.Sum(a2 + b2 + (c2 + d2)));
            if (TRows.Count > 3)
                output[row + 3 * outputStride] = Finish(w, x3 + i, columns - i, Vector512.Sum(a3 + b3 + (c3 + d3)));
        }
    }

    /// <summary>Adds what no vector has taken.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Finish(byte* w, float* x, int count, float sum)
    {
        for (int i = 0; i < count; i++, w += TWeight.Bytes)
            sum = MathF.FusedMultiplyAdd(TWeight.Load1(w), x[i], sum);
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Ahead(byte* w)
    {
        Sse.Prefetch0(w + Prefetch.Distance);
        if (TWeight.Bytes * 16 * 4 > 64)
            Sse.Prefetch0(w + Prefetch.Distance + 64);
        if (TWeight.Bytes * 16 * 4 > 128)
        {
            Sse.Prefetch0(w + Prefetch.Distance + 128);
            Sse.Prefetch0(w + Prefetch.Distance + 192);
        }
    }
}
