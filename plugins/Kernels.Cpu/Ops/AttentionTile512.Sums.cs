using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Floats;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.Ops;

internal static unsafe partial class AttentionTile512
{
    // Columns in blocks of 64, so that a weight that is loaded meets four vectors; then of 16, and at most one of 8.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Accumulate<TElement, TRows>(float* weights, byte* values, byte* ahead, int first, int end, float* outputs, int stride, int length)
        where TElement : struct, IFloatWeight
        where TRows : struct, IRowCount
    {
        float* y0 = outputs, y1 = outputs + stride, y2 = outputs + 2 * stride, y3 = outputs + 3 * stride;
        int i = 0;
        for (; i <= length - 64; i += 64)
        {
            Vector512<float> a0 = default, b0 = default, c0 = default, d0 = default;
            Vector512<float> a1 = default, b1 = default, c1 = default, d1 = default;
            Vector512<float> a2 = default, b2 = default, c2 = default, d2 = default;
            Vector512<float> a3 = default, b3 = default, c3 = default, d3 = default;
            a0 = Vector512.Load(y0 + i);
            b0 = Vector512.Load(y0 + i + 16);
            c0 = Vector512.Load(y0 + i + 32);
            d0 = Vector512.Load(y0 + i + 48);
            if (TRows.Count > 1)
            {
                a1 = Vector512.Load(y1 + i);
                b1 = Vector512.Load(y1 + i + 16);
                c1 = Vector512.Load(y1 + i + 32);
                d1 = Vector512.Load(y1 + i + 48);
            }
            if (TRows.Count > 2)
            {
                a2 = Vector512.Load(y2 + i);
                b2 = Vector512.Load(y2 + i + 16);
                c2 = Vector512.Load(y2 + i + 32);
                d2 = Vector512.Load(y2 + i + 48);
            }
            if (TRows.Count > 3)
            {
                a3 = Vector512.Load(y3 + i);
                b3 = Vector512.Load(y3 + i + 16);
                c3 = Vector512.Load(y3 + i + 32);
                d3 = Vector512.Load(y3 + i + 48);
            }
            byte* v = values + (i + (long)first * length) * TElement.Bytes, next = ahead + (i + (long)first * length) * TElement.Bytes;
            for (int t = first; t < end; t++, v += (long)length * TElement.Bytes, next += (long)length * TElement.Bytes)
            {
                if (TElement.Bytes < sizeof(float))
                {
                    Sse.Prefetch0(next);
                    Sse.Prefetch0(next + 64);
                }
                Vector512<float> p = TElement.Load16(v), q = TElement.Load16(v + 16 * TElement.Bytes), r = TElement.Load16(v + 32 * TElement.Bytes), s = TElement.Load16(v + 48 * TElement.Bytes), w = Vector512.Create(weights[t]);
                a0 = Avx512F.FusedMultiplyAdd(w, p, a0);
                b0 = Avx512F.FusedMultiplyAdd(w, q, b0);
                c0 = Avx512F.FusedMultiplyAdd(w, r, c0);
                d0 = Avx512F.FusedMultiplyAdd(w, s, d0);
                if (TRows.Count > 1)
                {
                    w = Vector512.Create(weights[t + 1 * AttentionTile.ScoreStride]);
                    a1 = Avx512F.FusedMultiplyAdd(w, p, a1);
                    b1 = Avx512F.FusedMultiplyAdd(w, q, b1);
                    c1 = Avx512F.FusedMultiplyAdd(w, r, c1);
                    d1 = Avx512F.FusedMultiplyAdd(w, s, d1);
                }
                if (TRows.Count > 2)
                {
                    w = Vector512.Create(weights[t + 2 * AttentionTile.ScoreStride]);
                    a2 = Avx512F.FusedMultiplyAdd(w, p, a2);
                    b2 = Avx512F.FusedMultiplyAdd(w, q, b2);
                    c2 = Avx512F.FusedMultiplyAdd(w, r, c2);
                    d2 = Avx512F.FusedMultiplyAdd(w, s, d2);
                }
                if (TRows.Count > 3)
                {
                    w = Vector512.Create(weights[t + 3 * AttentionTile.ScoreStride]);
                    a3 = Avx512F.FusedMultiplyAdd(w, p, a3);
                    b3 = Avx512F.FusedMultiplyAdd(w, q, b3);
                    c3 = Avx512F.FusedMultiplyAdd(w, r, c3);
                    d3 = Avx512F.FusedMultiplyAdd(w, s, d3);
                }
            }
            a0.Store(y0 + i);
            b0.Store(y0 + i + 16);
            c0.Store(y0 + i + 32);
            d0.Store(y0 + i + 48);
            if (TRows.Count > 1)
            {
                a1.Store(y1 + i);
                b1.Store(y1 + i + 16);
                c1.Store(y1 + i + 32);
                d1.Store(y1 + i + 48);
            }
            if (TRows.Count > 2)
            {
                a2.Store(y2 + i);
                b2.Store(y2 + i + 16);
                c2.Store(y2 + i + 32);
                d2.Store(y2 + i + 48);
            }
            if (TRows.Count > 3)
            {
                a3.Store(y3 + i);
                b3.Store(y3 + i + 16);
                c3.Store(y3 + i + 32);
                d3.Store(y3 + i + 48);
            }
        }
        for (; i <= length - 16; i += 16)
        {
            Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default;
            a0 = Vector512.Load(y0 + i);
            if (TRows.Count > 1)
                a1 = Vector512.Load(y1 + i);
            if (TRows.Count > 2)
                a2 = Vector512.Load(y2 + i);
            if (TRows.Count > 3)
                a3 = Vector512.Load(y3 + i);
            byte* v = values + (i + (long)first * length) * TElement.Bytes;
            for (int t = first; t < end; t++, v += (long)length * TElement.Bytes)
            {
                Vector512<float> p = TElement.Load16(v), w = Vector512.Create(weights[t]);
                a0 = Avx512F.FusedMultiplyAdd(w, p, a0);
                if (TRows.Count > 1)
                {
                    w = Vector512.Create(weights[t + 1 * AttentionTile.ScoreStride]);
                    a1 = Avx512F.FusedMultiplyAdd(w, p, a1);
                }
                if (TRows.Count > 2)
                {
                    w = Vector512.Create(weights[t + 2 * AttentionTile.ScoreStride]);
                    a2 = Avx512F.FusedMultiplyAdd(w, p, a2);
                }
                if (TRows.Count > 3)
                {
                    w = Vector512.Create(weights[t + 3 * AttentionTile.ScoreStride]);
                    a3 = Avx512F.FusedMultiplyAdd(w, p, a3);
                }
            }
            a0.Store(y0 + i);
            if (TRows.Count > 1)
                a1.Store(y1 + i);
            if (TRows.Count > 2)
                a2.Store(y2 + i);
            if (TRows.Count > 3)
                a3.Store(y3 + i);
        }
        if (i < length)
        {
            Vector256<float> a0 = Vector256.Load(y0 + i), a1 = default, a2 = default, a3 = default;
            if (TRows.Count > 1)
                a1 = Vector256.Load(y1 + i);
            if (TRows.Count > 2)
                a2 = Vector256.Load(y2 + i);
            if (TRows.Count > 3)
                a3 = Vector256.Load(y3 + i);
            byte* v = values + (i + (long)first * length) * TElement.Bytes;
            for (int t = first; t < end; t++, v += (long)length * TElement.Bytes)
            {
                Vector256<float> p = TElement.Load8(v);
                a0 = Vector256.FusedMultiplyAdd(Vector256.Create(weights[t]), p, a0);
                if (TRows.Count > 1)
                    a1 = Vector256.FusedMultiplyAdd(Vector256.Create(weights[t + 1 * AttentionTile.ScoreStride]), p, a1);
                if (TRows.Count > 2)
                    a2 = Vector256.FusedMultiplyAdd(Vector256.Create(weights[t + 2 * AttentionTile.ScoreStride]), p, a2);
                if (TRows.Count > 3)
                    a3 = Vector256.FusedMultiplyAdd(Vector256.Create(weights[t + 3 * AttentionTile.ScoreStride]), p, a3);
            }
            a0.Store(y0 + i);
            if (TRows.Count > 1)
                a1.Store(y1 + i);
            if (TRows.Count > 2)
                a2.Store(y2 + i);
            if (TRows.Count > 3)
                a3.Store(y3 + i);
        }
    }
}
