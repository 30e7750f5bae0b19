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

    /// <summary>The scores of each head for the entries of some tiles, heads <paramref name="stride"/> floats apart, scores <see cref="AttentionTile.ScoreStride"/>.</summary>
    /// <param name="query">The first head.</param>
    /// <param name="stride">Floats from one head to the next.</param>
    /// <param name="tiles">The tiles' keys, and <see cref="AttentionTile.Ahead"/> more: a tile asks for as many bytes there meanwhile, unless elements are floats, which may have been widened from fewer.</param>
    /// <param name="count">The number of tiles.</param>
    /// <param name="length">Elements of a head.</param>
    /// <param name="scores">The first head's scores.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Score<TElement, THeads>(float* query, int stride, byte** tiles, int count, int length, float* scores)
        where TElement : struct, IFloatWeight
        where THeads : struct, ICount
    {
        // Two tiles share what is broadcast, and their sums are chains enough for the multipliers.
        for (; count > 1; count -= 2, tiles += 2, scores += 2 * AttentionTile.Entries)
            Score<TElement, THeads, Count2>(query, stride, tiles, length, scores);
        if (count > 0)
            Score<TElement, THeads, Count1>(query, stride, tiles, length, scores);
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Score<TElement, THeads, TTiles>(float* query, nint stride, byte** tiles, int length, float* scores)
        where TElement : struct, IFloatWeight
        where THeads : struct, ICount
        where TTiles : struct, ICount
    {
        byte* keys = tiles[0], others = tiles[TTiles.Count - 1], ahead = tiles[AttentionTile.Ahead], othersAhead = tiles[AttentionTile.Ahead + TTiles.Count - 1];
        // Even and odd elements have their own sums, as in the other form.
        HeadSums<THeads> even = default, odd = default, otherEven = default, otherOdd = default, factors;
        nint at = 0, entries = AttentionTile.Entries * TElement.Bytes;
        int i = 0;
        for (; i <= length - 2; i += 2, query += 2, at += 2 * entries)
        {
            if (TElement.Bytes < sizeof(float))
            {
                Sse.Prefetch0(ahead + at);
                if (TTiles.Count > 1)
                    Sse.Prefetch0(othersAhead + at);
            }
            factors = HeadSums<THeads>.Broadcast(query, stride);
            even.Add(TElement.Load16(keys + at), factors);
            if (TTiles.Count > 1)
                otherEven.Add(TElement.Load16(others + at), factors);
            factors = HeadSums<THeads>.Broadcast(query + 1, stride);
            odd.Add(TElement.Load16(keys + at + entries), factors);
            if (TTiles.Count > 1)
                otherOdd.Add(TElement.Load16(others + at + entries), factors);
        }
        if (i < length)
        {
            factors = HeadSums<THeads>.Broadcast(query, stride);
            even.Add(TElement.Load16(keys + at), factors);
            if (TTiles.Count > 1)
                otherEven.Add(TElement.Load16(others + at), factors);
        }
        even.Add(odd);
        even.Store(scores, AttentionTile.ScoreStride);
        if (TTiles.Count > 1)
        {
            otherEven.Add(otherOdd);
            otherEven.Store(scores + AttentionTile.Entries, AttentionTile.ScoreStride);
        }
    }
}
