using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Floats;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.Ops;

/// <summary>
/// The parts of <see cref="AttentionTile"/> that read the cache, for one to four query heads at once: what they read is widened once for all of them; and weights by
/// sixteen. Every result is bitwise the other form's. AVX-512.
/// </summary>
internal static unsafe partial class AttentionTile512
{
    /// <summary>The most heads.</summary>
    public const int MaxHeads = 4;

    /// <summary>The 16 scores of each head, heads <paramref name="stride"/> floats apart, scores <see cref="AttentionTile.ScoreStride"/>.</summary>
    /// <param name="heads">The number of heads.</param>
    /// <param name="query">The first head.</param>
    /// <param name="stride">Floats from one head to the next.</param>
    /// <param name="keys">The tile's keys.</param>
    /// <param name="ahead">As many bytes that are asked for meanwhile, unless elements are floats: these may have been widened from fewer.</param>
    /// <param name="length">Elements of a head.</param>
    /// <param name="scores">The first head's scores.</param>
    public static void Score<TElement>(int heads, float* query, int stride, byte* keys, byte* ahead, int length, float* scores)
        where TElement : struct, IFloatWeight
    {
        switch (heads)
        {
            case 1:
                Score<TElement, OneRow>(query, stride, keys, ahead, length, scores);
                break;
            case 2:
                Score<TElement, TwoRows>(query, stride, keys, ahead, length, scores);
                break;
            case 3:
                Score<TElement, ThreeRows>(query, stride, keys, ahead, length, scores);
                break;
            default:
                Score<TElement, FourRows>(query, stride, keys, ahead, length, scores);
                break;
        }
    }

    /// <summary>Adds each head's weighted values to its output, outputs <paramref name="stride"/> floats apart, weights <see cref="AttentionTile.ScoreStride"/>.</summary>
    /// <param name="heads">The number of heads.</param>
    /// <param name="weights">The first head's weights of the tile.</param>
    /// <param name="values">The tile's values.</param>
    /// <param name="ahead">As many bytes that are asked for meanwhile, unless elements are floats: these may have been widened from fewer.</param>
    /// <param name="first">The first entry.</param>
    /// <param name="end">The entry after the last.</param>
    /// <param name="outputs">The first head's output.</param>
    /// <param name="stride">Floats from one output to the next.</param>
    /// <param name="length">Floats of an output, a multiple of 8.</param>
    public static void Accumulate<TElement>(int heads, float* weights, byte* values, byte* ahead, int first, int end, float* outputs, int stride, int length)
        where TElement : struct, IFloatWeight
    {
        switch (heads)
        {
            case 1:
                Accumulate<TElement, OneRow>(weights, values, ahead, first, end, outputs, stride, length);
                break;
            case 2:
                Accumulate<TElement, TwoRows>(weights, values, ahead, first, end, outputs, stride, length);
                break;
            case 3:
                Accumulate<TElement, ThreeRows>(weights, values, ahead, first, end, outputs, stride, length);
                break;
            default:
                Accumulate<TElement, FourRows>(weights, values, ahead, first, end, outputs, stride, length);
                break;
        }
    }

    /// <summary>As <see cref="AttentionTile.Weigh"/> without the library's exponential.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Weigh(float* scores, int first, int end, AttentionState* state, float* output, int length)
    {
        int begin = first & -AttentionTile.Entries;
        Vector512<int> from = Vector512.Create(first), to = Vector512.Create(end);
        Vector512<float> hidden = Vector512.Create(float.NegativeInfinity), most = hidden;
        for (int i = begin; i < end; i += AttentionTile.Entries)
        {
            Vector512<int> lane = Vector512<int>.Indices + Vector512.Create(i);
            Vector512<float> seen = Vector512.ConditionalSelect((Vector512.GreaterThanOrEqual(lane, from) & Vector512.LessThan(lane, to)).AsSingle(), Vector512.Load(scores + i), hidden);
            most = Vector512.MaxNative(most, seen);
            seen.Store(scores + i);
        }
        Vector512<float> offset = Vector512.Create(AttentionTile.Raise(AttentionTile.Largest(Vector256.MaxNative(most.GetLower(), most.GetUpper())), false, state, output, length));
        Vector512<float> sum = default;
        for (int i = begin; i < end; i += AttentionTile.Entries)
        {
            Vector512<float> weight = FastExp.Exp(Vector512.Load(scores + i) - offset);
            weight.Store(scores + i);
            sum += weight;
        }
        state->Sum += Vector256.Sum(sum.GetLower() + sum.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Score<TElement, TRows>(float* query, int stride, byte* keys, byte* ahead, int length, float* scores)
        where TElement : struct, IFloatWeight
        where TRows : struct, IRowCount
    {
        float* q0 = query, q1 = query + stride, q2 = query + 2 * stride, q3 = query + 3 * stride;
        // Even and odd elements have their own sums, as in the other form.
        Vector512<float> even0 = default, even1 = default, even2 = default, even3 = default;
        Vector512<float> odd0 = default, odd1 = default, odd2 = default, odd3 = default;
        int d = 0;
        for (; d <= length - 2; d += 2, keys += 2 * AttentionTile.Entries * TElement.Bytes, ahead += 2 * AttentionTile.Entries * TElement.Bytes)
        {
            if (TElement.Bytes < sizeof(float))
                Sse.Prefetch0(ahead);
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
        (even0 + odd0).Store(scores);
        if (TRows.Count > 1)
            (even1 + odd1).Store(scores + 1 * AttentionTile.ScoreStride);
        if (TRows.Count > 2)
            (even2 + odd2).Store(scores + 2 * AttentionTile.ScoreStride);
        if (TRows.Count > 3)
            (even3 + odd3).Store(scores + 3 * AttentionTile.ScoreStride);
    }
}
