using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>Multiplies the lines of <see cref="TurnedColumns{TSimd, TInt, TFloat}"/>.</summary>
/// <remarks>A unit's sum is held in 16 bits until its last part.</remarks>
internal static unsafe class TurnedProducts<TSimd, TInt, TFloat>
    where TSimd : struct, ISimd<TInt, TFloat>
    where TInt : struct
    where TFloat : struct
{
    /// <summary>Bytes of what belongs to a group and a strip's rows, a multiple of 64: scales, then zero points in bytes. Minimums would be read from the second-level cache, and cost more than to be computed anew each time.</summary>
    public static int FactorBytes => Rows * (sizeof(float) + sizeof(sbyte));

    /// <summary>Bytes of each line of a step's words that are asked for with a part.</summary>
    public static int AskedBytes => Rows * sizeof(int) / ColumnSchedule.StepParts;

    private static int Rows => 16 * TSimd.Width;

    private static int Shorts => 2 * TSimd.Width;

    /// <summary>Multiplies a part.</summary>
    /// <param name="lines">Where all lines start.</param>
    /// <param name="places">The columns' lines, bytes from there.</param>
    /// <param name="quants">What they are multiplied with, within ±127.</param>
    /// <param name="rows">Rows of the strip that are there; where they are no more than half, the other half is left out.</param>
    /// <param name="soon">Words that are turned next, of which some of each line are asked for, in the first-level cache.</param>
    /// <param name="stride">Bytes from a line of words to the next.</param>
    /// <param name="unit">The part's unit.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(byte* lines, int* places, sbyte* quants, int rows, byte* soon, nint stride, in TurnedUnit unit)
    {
        if (rows > Rows / 2)
            Multiply(lines, places, quants, true, soon, stride, unit);
        else
            Multiply(lines, places, quants, false, soon, stride, unit);
    }

    // Of one half of the rows or two.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(byte* lines, int* places, sbyte* quants, bool two, byte* soon, nint stride, in TurnedUnit unit)
    {
        TInt a, b, c, d, e = default, f = default, g = default, h = default;
        short* held = unit.Held;
        if (unit.Starts)
            a = b = c = d = e = f = g = h = HeldSums<TSimd, TInt, TFloat>.Start(unit.Quants);
        else
        {
            (a, b, c, d) = (Load(held, 0), Load(held, 1), Load(held, 2), Load(held, 3));
            if (two)
                (e, f, g, h) = (Load(held, 4), Load(held, 5), Load(held, 6), Load(held, 7));
        }
        for (int i = 0; i < ColumnSchedule.Part / 2; i++, places += 2, quants += 2, soon += 2 * stride)
        {
            Sse.Prefetch0(soon);
            Sse.Prefetch0(soon + stride);
            if (AskedBytes > StoredGroups.MemoryLine)
            {
                Sse.Prefetch0(soon + StoredGroups.MemoryLine);
                Sse.Prefetch0(soon + stride + StoredGroups.MemoryLine);
            }
            TInt q = TSimd.BroadcastPair(quants);
            byte* first = lines + (uint)places[0], second = lines + (uint)places[1];
            ColumnPairs<TSimd, TInt, TFloat>.Add(TSimd.Load(first), TSimd.Load(second), q, ref a, ref c, ref b, ref d);
            if (two)
                ColumnPairs<TSimd, TInt, TFloat>.Add(TSimd.Load(first + Rows / 4), TSimd.Load(second + Rows / 4), q, ref e, ref g, ref f, ref h);
        }
        if (unit.Ends)
        {
            UnitSums sums = new(unit);
            sums.Add(a, b, c, d, 0);
            if (two)
                sums.Add(e, f, g, h, Rows / 2);
            return;
        }
        ColumnPairs<TSimd, TInt, TFloat>.Store(a, b, c, d, held);
        if (two)
            ColumnPairs<TSimd, TInt, TFloat>.Store(e, f, g, h, held + Rows / 2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TInt Load(short* held, int vector) => TSimd.Load((byte*)(held + vector * Shorts));

    // What a unit adds to the sums of rows, as TransposedGroup does.
    private readonly struct UnitSums
    {
        private readonly HeldSums<TSimd, TInt, TFloat> _held;
        private readonly TFloat _step, _sum;
        private readonly float* _scales, _sums;
        private readonly sbyte* _zeros;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public UnitSums(in TurnedUnit unit)
        {
            float step = unit.Step, sum = unit.Sum;
            (_held, _step, _sum) = (new(unit.Quants), TSimd.Broadcast(&step), TSimd.Broadcast(&sum));
            _scales = (float*)unit.Factors;
            _zeros = (sbyte*)(_scales + Rows);
            _sums = unit.Sums;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(TInt a, TInt b, TInt c, TInt d, int row)
        {
            Add(a, row);
            Add(b, row + Shorts);
            Add(c, row + 2 * Shorts);
            Add(d, row + 3 * Shorts);
        }

        // Four rows of each half take turns.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Add(TInt held, int row)
        {
            Add(_held.Low(held), row);
            Add(_held.High(held), row + TSimd.Width);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Add(TFloat dots, int row)
        {
            TFloat scale = TSimd.Load(_scales + row), minimum = TSimd.Multiply(scale, TSimd.ToFloat(TSimd.LoadBytes(_zeros + row)));
            TFloat sum = TSimd.MultiplyAdd(dots, TSimd.Multiply(scale, _step), TSimd.Load(_sums + row));
            TSimd.Store(TSimd.MultiplySubtract(minimum, _sum, sum), _sums + row);
        }
    }
}
