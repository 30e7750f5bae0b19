using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Floats;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.Ops;

/// <summary>
/// The parts of <see cref="AttentionTile"/> that read the cache, for one to four query heads at once: what they read is widened once for all of them. Every result
/// is bitwise the other form's. AVX-512.
/// </summary>
internal static unsafe class AttentionTile512
{
    /// <summary>The most heads.</summary>
    public const int MaxHeads = 4;

    /// <summary>The 16 scores of each head, heads <paramref name="stride"/> floats apart, scores one after the other.</summary>
    public static void Score<TElement>(int heads, float* query, int stride, byte* keys, int length, float* scores)
        where TElement : struct, IFloatWeight
    {
        switch (heads)
        {
            case 1:
                Score<TElement, OneRow>(query, stride, keys, length, scores);
                break;
            case 2:
                Score<TElement, TwoRows>(query, stride, keys, length, scores);
                break;
            case 3:
                Score<TElement, ThreeRows>(query, stride, keys, length, scores);
                break;
            default:
                Score<TElement, FourRows>(query, stride, keys, length, scores);
                break;
        }
    }

    /// <summary>Adds each head's weighted values to its output, outputs <paramref name="stride"/> floats apart.</summary>
    public static void Accumulate<TElement>(int heads, float* weights, byte* values, int first, int end, float* outputs, int stride, int length)
        where TElement : struct, IFloatWeight
    {
        switch (heads)
        {
            case 1:
                Accumulate<TElement, OneRow>(weights, values, first, end, outputs, stride, length);
                break;
            case 2:
                Accumulate<TElement, TwoRows>(weights, values, first, end, outputs, stride, length);
                break;
            case 3:
                Accumulate<TElement, ThreeRows>(weights, values, first, end, outputs, stride, length);
                break;
            default:
                Accumulate<TElement, FourRows>(weights, values, first, end, outputs, stride, length);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Score<TElement, TRows>(float* query, int stride, byte* keys, int length, float* scores)
        where TElement : struct, IFloatWeight
        where TRows : struct, IRowCount
    {
        float* q0 = query, q1 = query + stride, q2 = query + 2 * stride, q3 = query + 3 * stride;
        // Even and odd elements have their own sums, as in the other form.
        Vector512<float> even0 = default, even1 = default, even2 = default, even3 = default;
        Vector512<float> odd0 = default, odd1 = default, odd2 = default, odd3 = default;
        int d = 0;
        for (; d <= length - 2; d += 2, keys += 2 * AttentionTile.Entries * TElement.Bytes)
        {
            Vector512<float> a = TElement.Load16(keys), b = TElement.Load16(keys + AttentionTile.Entries * TElement.Bytes);
            even0 = Avx512F.FusedMultiplyAdd(Vector512.Create(q0[d]), a, even0);
            odd0 = Avx512F.FusedMultiplyAdd(Vector512.Create(q0[d + 1]), b, odd0);
            if (TRows.Count > 1)
            {
                even1 = Avx512F.FusedMultiplyAdd(Vector512.Create(q1[d]), a, even1);
                odd1 = Avx512F.FusedMultiplyAdd(Vector512.Create(q1[d + 1]), b, odd1);
            }
            if (TRows.Count > 2)
            {
                even2 = Avx512F.FusedMultiplyAdd(Vector512.Create(q2[d]), a, even2);
                odd2 = Avx512F.FusedMultiplyAdd(Vector512.Create(q2[d + 1]), b, odd2);
            }
            if (TRows.Count > 3)
            {
                even3 = Avx512F.FusedMultiplyAdd(Vector512.Create(q3[d]), a, even3);
                odd3 = Avx512F.FusedMultiplyAdd(Vector512.Create(q3[d + 1]), b, odd3);
            }
        }
        if (d < length)
        {
            Vector512<float> a = TElement.Load16(keys);
            even0 = Avx512F.FusedMultiplyAdd(Vector512.Create(q0[d]), a, even0);
            if (TRows.Count > 1)
                even1 = Avx512F.FusedMultiplyAdd(Vector512.Create(q1[d]), a, even1);
            if (TRows.Count > 2)
                even2 = Avx512F.FusedMultiplyAdd(Vector512.Create(q2[d]), a, even2);
            if (TRows.Count > 3)
                even3 = Avx512F.FusedMultiplyAdd(Vector512.Create(q3[d]), a, even3);
        }
        (even0 + odd0).Store(scores + 0 * AttentionTile.Entries);
        if (TRows.Count > 1)
            (even1 + odd1).Store(scores + 1 * AttentionTile.Entries);
        if (TRows.Count > 2)
            (even2 + odd2).Store(scores + 2 * AttentionTile.Entries);
        if (TRows.Count > 3)
            (even3 + odd3).Store(scores + 3 * AttentionTile.Entries);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Accumulate<TElement, TRows>(float* weights, byte* values, int first, int end, float* outputs, int stride, int length)
        where TElement : struct, IFloatWeight
        where TRows : struct, IRowCount
    {
        float* y0 = outputs, y1 = outputs + stride, y2 = outputs + 2 * stride, y3 = outputs + 3 * stride;
        int i = 0;
        for (; i <= length - 32; i += 32)
        {
            Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
            a0 = Vector512.Load(y0 + i);
            b0 = Vector512.Load(y0 + i + 16);
            if (TRows.Count > 1)
            {
                a1 = Vector512.Load(y1 + i);
                b1 = Vector512.Load(y1 + i + 16);
            }
            if (TRows.Count > 2)
            {
                a2 = Vector512.Load(y2 + i);
                b2 = Vector512.Load(y2 + i + 16);
            }
            if (TRows.Count > 3)
            {
                a3 = Vector512.Load(y3 + i);
                b3 = Vector512.Load(y3 + i + 16);
            }
            byte* v = values + (i + (long)first * length) * TElement.Bytes;
            for (int t = first; t < end; t++, v += (long)length * TElement.Bytes)
            {
                Vector512<float> low = TElement.Load16(v), high = TElement.Load16(v + 16 * TElement.Bytes);
                Vector512<float> w0 = Vector512.Create(weights[t + 0 * AttentionTile.Entries]);
                a0 = Avx512F.FusedMultiplyAdd(w0, low, a0);
                b0 = Avx512F.FusedMultiplyAdd(w0, high, b0);
                if (TRows.Count > 1)
                {
                    Vector512<float> w1 = Vector512.Create(weights[t + 1 * AttentionTile.Entries]);
                    a1 = Avx512F.FusedMultiplyAdd(w1, low, a1);
                    b1 = Avx512F.FusedMultiplyAdd(w1, high, b1);
                }
                if (TRows.Count > 2)
                {
                    Vector512<float> w2 = Vector512.Create(weights[t + 2 * AttentionTile.Entries]);
                    a2 = Avx512F.FusedMultiplyAdd(w2, low, a2);
                    b2 = Avx512F.FusedMultiplyAdd(w2, high, b2);
                }
                if (TRows.Count > 3)
                {
                    Vector512<float> w3 = Vector512.Create(weights[t + 3 * AttentionTile.Entries]);
                    a3 = Avx512F.FusedMultiplyAdd(w3, low, a3);
                    b3 = Avx512F.FusedMultiplyAdd(w3, high, b3);
                }
            }
            a0.Store(y0 + i);
            b0.Store(y0 + i + 16);
            if (TRows.Count > 1)
            {
                a1.Store(y1 + i);
                b1.Store(y1 + i + 16);
            }
            if (TRows.Count > 2)
            {
                a2.Store(y2 + i);
                b2.Store(y2 + i + 16);
            }
            if (TRows.Count > 3)
            {
                a3.Store(y3 + i);
                b3.Store(y3 + i + 16);
            }
        }
        for (; i < length; i += 8)
        {
            Vector256<float> a0 = default, a1 = default, a2 = default, a3 = default;
            a0 = Vector256.Load(y0 + i);
            if (TRows.Count > 1)
                a1 = Vector256.Load(y1 + i);
            if (TRows.Count > 2)
                a2 = Vector256.Load(y2 + i);
            if (TRows.Count > 3)
                a3 = Vector256.Load(y3 + i);
            byte* v = values + (i + (long)first * length) * TElement.Bytes;
            for (int t = first; t < end; t++, v += (long)length * TElement.Bytes)
            {
                Vector256<float> value = TElement.Load8(v);
                a0 = Vector256.FusedMultiplyAdd(Vector256.Create(weights[t + 0 * AttentionTile.Entries]), value, a0);
                if (TRows.Count > 1)
                    a1 = Vector256.FusedMultiplyAdd(Vector256.Create(weights[t + 1 * AttentionTile.Entries]), value, a1);
                if (TRows.Count > 2)
                    a2 = Vector256.FusedMultiplyAdd(Vector256.Create(weights[t + 2 * AttentionTile.Entries]), value, a2);
                if (TRows.Count > 3)
                    a3 = Vector256.FusedMultiplyAdd(Vector256.Create(weights[t + 3 * AttentionTile.Entries]), value, a3);
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
