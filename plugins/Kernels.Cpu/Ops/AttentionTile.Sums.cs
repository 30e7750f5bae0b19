using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.Ops;

internal static unsafe partial class AttentionTile
{
    /// <summary>outputs += Σ weights[entry] · values[entry] for one head or two, over the entries of some tiles in order.</summary>
    /// <param name="weights">The first head's weights of the first tile; the second head's are <see cref="ScoreStride"/> floats behind.</param>
    /// <param name="tiles">The tiles' values: rows of <paramref name="length"/> floats.</param>
    /// <param name="count">The number of tiles.</param>
    /// <param name="first">The first entry of the first tile.</param>
    /// <param name="end">The entry after the last of the last tile.</param>
    /// <param name="outputs">The first head's sum.</param>
    /// <param name="stride">Floats to the second head's.</param>
    /// <param name="length">A multiple of 8.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Accumulate<THeads, THead>(float* weights, byte** tiles, int count, int first, int end, float* outputs, int stride, int length)
        where THeads : struct, ICount
        where THead : struct, IHeadLength
    {
        for (int head = 0; head < THeads.Count; head++, weights += ScoreStride, outputs += stride)
        {
            // Sixteen registers hold the sums of 80 and of 96 elements.
            int i = 0;
            if (THead.Elements == 80)
                Sum<Count4, Count4, Count2, THead>(weights, tiles, 0, count, first, end, outputs, length);
            else if (THead.Elements == 96)
                Sum<Count4, Count4, Count4, THead>(weights, tiles, 0, count, first, end, outputs, length);
            else if (THead.Elements > 0)
                for (; i < THead.Elements; i += 64)
                    Sum<Count4, Count4, Count0, THead>(weights, tiles, i, count, first, end, outputs, length);
            else
            {
                for (; i <= length - 64; i += 64)
                    Sum<Count4, Count4, Count0, THead>(weights, tiles, i, count, first, end, outputs, length);
                if (i <= length - 32)
                    Sum<Count4, Count0, Count0, THead>(weights, tiles, i, count, first, end, outputs, length);
                i += (length - i) & 32;
                if (i <= length - 16)
                    Sum<Count2, Count0, Count0, THead>(weights, tiles, i, count, first, end, outputs, length);
                i += (length - i) & 16;
                if (i < length)
                    Sum<Count1, Count0, Count0, THead>(weights, tiles, i, count, first, end, outputs, length);
            }
        }
    }

    // Several sums side by side: one alone would wait for itself at every entry.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Sum<TFirst, TSecond, TThird, THead>(float* weights, byte** tiles, int column, int count, int first, int end, float* output, int length)
        where TFirst : struct, ICount
        where TSecond : struct, ICount
        where TThird : struct, ICount
        where THead : struct, IHeadLength
    {
        Columns<TFirst> a = default;
        Columns<TSecond> b = default;
        Columns<TThird> c = default;
        int row = THead.Elements > 0 ? THead.Elements : length;
        output += column;
        a.Load(output);
        b.Load(output + 32);
        c.Load(output + 64);
        for (int tile = 0; tile < count; tile++, first = 0, weights += Entries)
        {
            float* v = (float*)tiles[tile] + column + (nint)first * row;
            int last = tile == count - 1 ? end : Entries;
            for (int t = first; t < last; t++, v += row)
            {
                Vector256<float> w = Vector256.Create(weights[t]);
                a.Add(w, v);
                b.Add(w, v + 32);
                c.Add(w, v + 64);
            }
        }
        a.Store(output);
        b.Store(output + 32);
        c.Store(output + 64);
    }

    /// <summary>Sums of eight columns for each vector, four vectors at most.</summary>
    private struct Columns<TVectors>
        where TVectors : struct, ICount
    {
        private Vector256<float> _a, _b, _c, _d;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Load(float* from)
        {
            if (TVectors.Count > 0)
                _a = Vector256.Load(from);
            if (TVectors.Count > 1)
                _b = Vector256.Load(from + 8);
            if (TVectors.Count > 2)
                _c = Vector256.Load(from + 16);
            if (TVectors.Count > 3)
                _d = Vector256.Load(from + 24);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(Vector256<float> weight, float* values)
        {
            if (TVectors.Count > 0)
                _a = Vector256.FusedMultiplyAdd(weight, Vector256.Load(values), _a);
            if (TVectors.Count > 1)
                _b = Vector256.FusedMultiplyAdd(weight, Vector256.Load(values + 8), _b);
            if (TVectors.Count > 2)
                _c = Vector256.FusedMultiplyAdd(weight, Vector256.Load(values + 16), _c);
            if (TVectors.Count > 3)
                _d = Vector256.FusedMultiplyAdd(weight, Vector256.Load(values + 24), _d);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(float* to)
        {
            if (TVectors.Count > 0)
                _a.Store(to);
            if (TVectors.Count > 1)
                _b.Store(to + 8);
            if (TVectors.Count > 2)
                _c.Store(to + 16);
            if (TVectors.Count > 3)
                _d.Store(to + 24);
        }
    }
}
