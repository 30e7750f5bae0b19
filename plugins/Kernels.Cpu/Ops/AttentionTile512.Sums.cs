using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Floats;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.Ops;

internal static unsafe partial class AttentionTile512
{
    /// <summary>Adds each head's weighted values of some tiles to its output, outputs <paramref name="stride"/> floats apart, weights <see cref="AttentionTile.ScoreStride"/>.</summary>
    /// <param name="weights">The first head's weights of the first tile.</param>
    /// <param name="tiles">The tiles' values, and <see cref="AttentionTile.Ahead"/> more, as for scores.</param>
    /// <param name="count">The number of tiles.</param>
    /// <param name="first">The first entry of the first tile.</param>
    /// <param name="end">The entry after the last of the last tile.</param>
    /// <param name="outputs">The first head's output.</param>
    /// <param name="stride">Floats from one output to the next.</param>
    /// <param name="length">Floats of an output, a multiple of 8.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Accumulate<TElement, THeads, THead>(float* weights, byte** tiles, int count, int first, int end, float* outputs, int stride, int length)
        where TElement : struct, IFloatWeight
        where THeads : struct, ICount
        where THead : struct, IHeadLength
    {
        // A head's sums stay in registers as far as these reach: 80 and 96 elements of four heads, 128 of three.
        if (THead.Elements == 80)
            Sum<TElement, THeads, Count5, THead>(weights, tiles, 0, count, first, end, outputs, stride, length);
        else if (THead.Elements == 96)
            Sum<TElement, THeads, Count6, THead>(weights, tiles, 0, count, first, end, outputs, stride, length);
        else if (THead.Elements > 0 && THead.Elements % 128 == 0 && THeads.Count < 4)
            for (int i = 0; i < THead.Elements; i += 128)
                Sum<TElement, THeads, Count8, THead>(weights, tiles, i, count, first, end, outputs, stride, length);
        else if (THead.Elements > 0)
            for (int i = 0; i < THead.Elements; i += 64)
                Sum<TElement, THeads, Count4, THead>(weights, tiles, i, count, first, end, outputs, stride, length);
        else
        {
            int i = 0;
            for (; i <= length - 64; i += 64)
                Sum<TElement, THeads, Count4, THead>(weights, tiles, i, count, first, end, outputs, stride, length);
            for (; i <= length - 16; i += 16)
                Sum<TElement, THeads, Count1, THead>(weights, tiles, i, count, first, end, outputs, stride, length);
            if (i < length)
                SumEight<TElement, THeads>(weights, tiles, i, count, first, end, outputs, stride, length);
        }
    }

    // Sixteen columns for each vector. Not inlined: a caller of several would reach the compiler's bound, and calls be left in the loops.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Sum<TElement, THeads, TVectors, THead>(float* weights, byte** tiles, int column, int count, int first, int end, float* outputs, int stride, int length)
        where TElement : struct, IFloatWeight
        where THeads : struct, ICount
        where TVectors : struct, ICount
        where THead : struct, IHeadLength
    {
        HeadSums<THeads> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
        nint row = (THead.Elements > 0 ? THead.Elements : length) * TElement.Bytes, vector = 16 * TElement.Bytes;
        outputs += column;
        a.Load(outputs, stride);
        if (TVectors.Count > 1)
        {
            b.Load(outputs + 16, stride);
            c.Load(outputs + 32, stride);
            d.Load(outputs + 48, stride);
        }
        if (TVectors.Count > 4)
            e.Load(outputs + 64, stride);
        if (TVectors.Count > 5)
            f.Load(outputs + 80, stride);
        if (TVectors.Count > 6)
        {
            g.Load(outputs + 96, stride);
            h.Load(outputs + 112, stride);
        }
        for (int tile = 0; tile < count; tile++, first = 0, weights += AttentionTile.Entries)
        {
            byte* v = tiles[tile] + column * TElement.Bytes + first * row;
            nint ahead = (nint)(tiles[tile + AttentionTile.Ahead] - tiles[tile]);
            int last = tile == count - 1 ? end : AttentionTile.Entries;
            for (int t = first; t < last; t++, v += row)
            {
                if (TElement.Bytes < sizeof(float) && TVectors.Count > 1)
                {
                    Sse.Prefetch0(v + ahead);
                    Sse.Prefetch0(v + ahead + 64);
                    if (TVectors.Count > 4)
                        Sse.Prefetch0(v + ahead + 128);
                    if (TVectors.Count > 6)
                        Sse.Prefetch0(v + ahead + 192);
                }
                HeadSums<THeads> w = HeadSums<THeads>.Broadcast(weights + t, AttentionTile.ScoreStride);
                a.Add(TElement.Load16(v), w);
                if (TVectors.Count > 1)
                {
                    b.Add(TElement.Load16(v + vector), w);
                    c.Add(TElement.Load16(v + 2 * vector), w);
                    d.Add(TElement.Load16(v + 3 * vector), w);
                }
                if (TVectors.Count > 4)
                    e.Add(TElement.Load16(v + 4 * vector), w);
                if (TVectors.Count > 5)
                    f.Add(TElement.Load16(v + 5 * vector), w);
                if (TVectors.Count > 6)
                {
                    g.Add(TElement.Load16(v + 6 * vector), w);
                    h.Add(TElement.Load16(v + 7 * vector), w);
                }
            }
        }
        a.Store(outputs, stride);
        if (TVectors.Count > 1)
        {
            b.Store(outputs + 16, stride);
            c.Store(outputs + 32, stride);
            d.Store(outputs + 48, stride);
        }
        if (TVectors.Count > 4)
            e.Store(outputs + 64, stride);
        if (TVectors.Count > 5)
            f.Store(outputs + 80, stride);
        if (TVectors.Count > 6)
        {
            g.Store(outputs + 96, stride);
            h.Store(outputs + 112, stride);
        }
    }

    // The last eight columns.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void SumEight<TElement, THeads>(float* weights, byte** tiles, int column, int count, int first, int end, float* outputs, int stride, int length)
        where TElement : struct, IFloatWeight
        where THeads : struct, ICount
    {
        for (int head = 0; head < THeads.Count; head++, weights += AttentionTile.ScoreStride, outputs += stride)
        {
            Vector256<float> sum = Vector256.Load(outputs + column);
            for (int tile = 0, t = first; tile < count; tile++, t = 0)
            {
                int last = tile == count - 1 ? end : AttentionTile.Entries;
                for (; t < last; t++)
                    sum = Vector256.FusedMultiplyAdd(Vector256.Create(weights[tile * AttentionTile.Entries + t]), TElement.Load8(tiles[tile] + (column + (nint)t * length) * TElement.Bytes), sum);
            }
            sum.Store(outputs + column);
        }
    }
}
