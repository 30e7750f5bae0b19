using System.Runtime.CompilerServices;
using Tessera.Kernels.Cpu.RowDots.Numerics;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Ops;

/// <summary>
/// Softmax attention of many rows of a sequence whose queries stand by features: a lane is a row, and what is read of the cache meets all of them. Queries are [element][row], scores and
/// weights [entry][row], weighted sums [element][row]. Every row's result is bitwise that of <see cref="AttentionTile"/>.
/// </summary>
internal static unsafe partial class AttentionPanel<TSimd, TInt, TFloat>
    where TSimd : struct, ISimd<TInt, TFloat>
    where TInt : struct
    where TFloat : struct
{
    /// <summary>Query heads that are multiplied side by side.</summary>
    public const int Together = 2;

    private static int Lanes => TSimd.Width;

    /// <summary>Writes the scores of some entries of a tile.</summary>
    /// <param name="heads">One query head, or two.</param>
    /// <param name="query">The first head's scaled queries.</param>
    /// <param name="stride">Floats to the second head's.</param>
    /// <param name="keys">The first entry in the tile's keys, [element][entry].</param>
    /// <param name="entries">Their number.</param>
    /// <param name="length">Elements of a head.</param>
    /// <param name="scores">The first head's scores.</param>
    /// <param name="scoreStride">Floats to the second head's.</param>
    public static void Score(int heads, float* query, long stride, float* keys, int entries, int length, float* scores, long scoreStride)
    {
        // Registers for as many sums: half of them hold what the sums are multiplied of.
        int most = heads == 1 || Lanes == 16 ? 4 : 2, entry = 0;
        for (; entry <= entries - most; entry += most, keys += most, scores += most * Lanes)
            if (heads == 1)
                Score<Count1, Count4>(query, stride, keys, length, scores, scoreStride);
            else if (most == 4)
                Score<Count2, Count4>(query, stride, keys, length, scores, scoreStride);
            else
                Score<Count2, Count2>(query, stride, keys, length, scores, scoreStride);
        for (; entry < entries; entry++, keys++, scores += Lanes)
            if (heads == 1)
                Score<Count1, Count1>(query, stride, keys, length, scores, scoreStride);
            else
                Score<Count2, Count1>(query, stride, keys, length, scores, scoreStride);
    }

    /// <summary>Adds the weighted values of some entries of a tile, in order.</summary>
    /// <param name="heads">One query head, or two.</param>
    /// <param name="weights">The first head's weights of the first entry.</param>
    /// <param name="weightStride">Floats to the second head's.</param>
    /// <param name="values">The first entry's values.</param>
    /// <param name="length">Elements of a value, a multiple of 8.</param>
    /// <param name="entries">The number of entries.</param>
    /// <param name="outputs">The first head's sums.</param>
    /// <param name="stride">Floats to the second head's.</param>
    /// <param name="seen">What rows see, where some do not see all of these entries; else null.</param>
    /// <param name="first">The first entry's number.</param>
    public static void Accumulate(int heads, float* weights, long weightStride, float* values, int length, int entries, float* outputs, long stride, PanelRows* seen, int first)
    {
        switch (heads, seen == null)
        {
            case (1, true):
                Accumulate<Count1, All>(weights, weightStride, values, length, entries, outputs, stride, null, 0);
                break;
            case (1, false):
                Accumulate<Count1, Some>(weights, weightStride, values, length, entries, outputs, stride, seen, first);
                break;
            case (_, true):
                Accumulate<Count2, All>(weights, weightStride, values, length, entries, outputs, stride, null, 0);
                break;
            default:
                Accumulate<Count2, Some>(weights, weightStride, values, length, entries, outputs, stride, seen, first);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Score<THeads, TEntries>(float* query, long stride, float* keys, int length, float* scores, long scoreStride)
        where THeads : struct, ICount
        where TEntries : struct, ICount
    {
        // Even and odd elements have their own sums, as in the rows' form.
        TFloat a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
        TFloat c0 = default, c1 = default, c2 = default, c3 = default, d0 = default, d1 = default, d2 = default, d3 = default;
        float* q = query, p = query + stride;
        int i = 0;
        for (; i <= length - 2; i += 2, q += 2 * Lanes, p += 2 * Lanes, keys += 2 * AttentionTile.Entries)
        {
            Step<THeads, TEntries>(q, p, keys, ref a0, ref a1, ref a2, ref a3, ref c0, ref c1, ref c2, ref c3);
            Step<THeads, TEntries>(q + Lanes, p + Lanes, keys + AttentionTile.Entries, ref b0, ref b1, ref b2, ref b3, ref d0, ref d1, ref d2, ref d3);
        }
        if (i < length)
            Step<THeads, TEntries>(q, p, keys, ref a0, ref a1, ref a2, ref a3, ref c0, ref c1, ref c2, ref c3);
        Store<TEntries>(a0, b0, a1, b1, a2, b2, a3, b3, scores);
        if (THeads.Count > 1)
            Store<TEntries>(c0, d0, c1, d1, c2, d2, c3, d3, scores + scoreStride);
    }

    // One element of up to four entries and two heads.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<THeads, TEntries>(float* q, float* p, float* keys, ref TFloat a0, ref TFloat a1, ref TFloat a2, ref TFloat a3, ref TFloat c0, ref TFloat c1, ref TFloat c2, ref TFloat c3)
        where THeads : struct, ICount
        where TEntries : struct, ICount
    {
        TFloat x = TSimd.Load(q), y = THeads.Count > 1 ? TSimd.Load(p) : default;
        Meet<THeads>(x, y, keys, ref a0, ref c0);
        if (TEntries.Count > 1)
            Meet<THeads>(x, y, keys + 1, ref a1, ref c1);
        if (TEntries.Count > 2)
        {
            Meet<THeads>(x, y, keys + 2, ref a2, ref c2);
            Meet<THeads>(x, y, keys + 3, ref a3, ref c3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Meet<THeads>(TFloat x, TFloat y, float* key, ref TFloat a, ref TFloat c)
        where THeads : struct, ICount
    {
        TFloat k = TSimd.Broadcast(key);
        a = TSimd.MultiplyAdd(x, k, a);
        if (THeads.Count > 1)
            c = TSimd.MultiplyAdd(y, k, c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TEntries>(TFloat a0, TFloat b0, TFloat a1, TFloat b1, TFloat a2, TFloat b2, TFloat a3, TFloat b3, float* scores)
        where TEntries : struct, ICount
    {
        TSimd.Store(TSimd.Add(a0, b0), scores);
        if (TEntries.Count > 1)
            TSimd.Store(TSimd.Add(a1, b1), scores + Lanes);
        if (TEntries.Count > 2)
        {
            TSimd.Store(TSimd.Add(a2, b2), scores + 2 * Lanes);
            TSimd.Store(TSimd.Add(a3, b3), scores + 3 * Lanes);
        }
    }

    // Eight sums at once: four elements of two heads, or eight of one.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Accumulate<THeads, TSeen>(float* weights, long weightStride, float* values, int length, int entries, float* outputs, long stride, PanelRows* seen, int first)
        where THeads : struct, ICount
        where TSeen : struct, ISeen
    {
        int elements = THeads.Count > 1 ? 4 : 8;
        TInt from = default, end = default, mask = default;
        if (!TSeen.IsAll)
            (from, end) = (TSimd.Load((byte*)seen->From), TSimd.Load((byte*)seen->End));
        for (int i = 0; i < length; i += elements, values += elements, outputs += elements * Lanes)
        {
            float* second = THeads.Count > 1 ? outputs + stride : outputs + 4 * Lanes, v = values, w = weights;
            TFloat a0 = TSimd.Load(outputs), a1 = TSimd.Load(outputs + Lanes), a2 = TSimd.Load(outputs + 2 * Lanes), a3 = TSimd.Load(outputs + 3 * Lanes);
            TFloat b0 = TSimd.Load(second), b1 = TSimd.Load(second + Lanes), b2 = TSimd.Load(second + 2 * Lanes), b3 = TSimd.Load(second + 3 * Lanes);
            for (int entry = 0; entry < entries; entry++, v += length, w += Lanes)
            {
                if (!TSeen.IsAll)
                    mask = TSimd.Within(from, end, first + entry);
                TFloat x = TSimd.Load(w), v0 = TSimd.Broadcast(v), v1 = TSimd.Broadcast(v + 1), v2 = TSimd.Broadcast(v + 2), v3 = TSimd.Broadcast(v + 3);
                Add<TSeen>(mask, x, v0, ref a0);
                Add<TSeen>(mask, x, v1, ref a1);
                Add<TSeen>(mask, x, v2, ref a2);
                Add<TSeen>(mask, x, v3, ref a3);
                if (THeads.Count > 1)
                    x = TSimd.Load(w + weightStride);
                else
                    (v0, v1, v2, v3) = (TSimd.Broadcast(v + 4), TSimd.Broadcast(v + 5), TSimd.Broadcast(v + 6), TSimd.Broadcast(v + 7));
                Add<TSeen>(mask, x, v0, ref b0);
                Add<TSeen>(mask, x, v1, ref b1);
                Add<TSeen>(mask, x, v2, ref b2);
                Add<TSeen>(mask, x, v3, ref b3);
            }
            TSimd.Store(a0, outputs);
            TSimd.Store(a1, outputs + Lanes);
            TSimd.Store(a2, outputs + 2 * Lanes);
            TSimd.Store(a3, outputs + 3 * Lanes);
            TSimd.Store(b0, second);
            TSimd.Store(b1, second + Lanes);
            TSimd.Store(b2, second + 2 * Lanes);
            TSimd.Store(b3, second + 3 * Lanes);
        }
    }

    // Not even a zero times what a row does not see: that may be no number.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TSeen>(TInt mask, TFloat weight, TFloat value, ref TFloat sum)
        where TSeen : struct, ISeen
    {
        TFloat added = TSimd.MultiplyAdd(weight, value, sum);
        sum = TSeen.IsAll ? added : TSimd.Select(mask, added, sum);
    }

    private interface ISeen
    {
        static abstract bool IsAll { get; }
    }

    private readonly struct All : ISeen
    {
        public static bool IsAll => true;
    }

    private readonly struct Some : ISeen
    {
        public static bool IsAll => false;
    }
}
