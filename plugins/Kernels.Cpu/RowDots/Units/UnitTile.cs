using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Blocks32;
using Tessera.Kernels.Cpu.RowDots.Numerics;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>Rows of units: each is unpacked once to the first-level cache, for up to four activation rows. <see cref="UnitSum"/> says how groups are added.</summary>
internal readonly unsafe struct UnitTile<TUnit, TByteDot> : IRowTile
    where TUnit : struct, IUnit
    where TByteDot : struct, IByteDot
{
    private const int Group = Int8Activation.Group;
    private const int Alignment = 32;

    public static int MostRows => 4;

    // Weights with the zero point added are unsigned, which saves the signs; sixteens have no sums of the activations at hand.
    private static bool IsUnsigned
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => !TUnit.HasSixteens && (TUnit.ZeroShift < 7 || typeof(TByteDot) != typeof(PairDot));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public static void Multiply<TRows>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activations, nint stride, float* output, nint outputStride)
        where TRows : struct, ICount
    {
        nint steps = Int8Activation.ScaleOffset(columns), negatedSums = Int8Activation.NegatedSumOffset(columns);
        int groups = columns / Group;
        byte* table = TUnit.Table();
        byte* memory = stackalloc byte[UnitDot.Columns + Alignment];
        sbyte* w = (sbyte*)((nint)(memory + Alignment - 1) & -Alignment);
        float* scales = stackalloc float[2 * UnitDot.Groups];
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* unit = weights, a0 = activations, a1 = a0 + stride, a2 = a1 + stride, a3 = a2 + stride;
            Vector256<float> lanes0 = default, lanes1 = default, lanes2 = default, lanes3 = default;
            for (int first = 0; first < groups; first += UnitDot.Groups, unit += TUnit.Bytes)
            {
                int count = Math.Min(UnitDot.Groups, groups - first);
                Ahead(unit);
                // Groups that are not there leave their lanes as they are: both of their scales are zero.
                if (count < UnitDot.Groups)
                    new Span<float>(scales, 2 * UnitDot.Groups).Clear();
                TUnit.Unpack(unit, count, table, w, scales);
                Vector256<float> low = Vector256.Load(scales), high = Vector256.Load(scales + UnitDot.Groups);
                if (TUnit.HasSixteens)
                    UnitSum.Part(ref low, ref high);
                lanes0 = Add(lanes0, w, low, high, a0, first, steps, negatedSums);
                if (TRows.Count > 1)
                    lanes1 = Add(lanes1, w, low, high, a1, first, steps, negatedSums);
                if (TRows.Count > 2)
                    lanes2 = Add(lanes2, w, low, high, a2, first, steps, negatedSums);
                if (TRows.Count > 3)
                    lanes3 = Add(lanes3, w, low, high, a3, first, steps, negatedSums);
            }
            output[row] = GroupSum.Of(lanes0);
            if (TRows.Count > 1)
                output[row + outputStride] = GroupSum.Of(lanes1);
            if (TRows.Count > 2)
                output[row + 2 * outputStride] = GroupSum.Of(lanes2);
            if (TRows.Count > 3)
                output[row + 3 * outputStride] = GroupSum.Of(lanes3);
        }
    }

    /// <summary>Adds the products of a unit with eight groups of an activation row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Add(Vector256<float> lanes, sbyte* w, Vector256<float> low, Vector256<float> high, byte* activation, int first, nint steps, nint negatedSums)
    {
        sbyte* x = (sbyte*)activation + (nint)first * Group;
        Vector256<float> step = Vector256.Load((float*)(activation + steps) + first);
        GroupSum.Halves(
            Dot(w, x), Dot(w + Group, x + Group), Dot(w + 2 * Group, x + 2 * Group), Dot(w + 3 * Group, x + 3 * Group),
            Dot(w + 4 * Group, x + 4 * Group), Dot(w + 5 * Group, x + 5 * Group), Dot(w + 6 * Group, x + 6 * Group), Dot(w + 7 * Group, x + 7 * Group),
            out Vector256<int> lowDots, out Vector256<int> highDots);
        if (TUnit.HasSixteens)
            return UnitSum.Add(UnitSum.Add(lanes, lowDots, step, low), highDots, step, high);
        Vector256<int> dots = lowDots + highDots;
        if (IsUnsigned)
            dots += Vector256.Load((int*)(activation + negatedSums) + first) << TUnit.ZeroShift;
        return UnitSum.Add(lanes, dots, step, low);
    }

    /// <summary>A group's integer dot product, in eight parts; without what the zero point takes away.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Dot(sbyte* w, sbyte* x)
    {
        Vector256<sbyte> weights = Vector256.LoadAligned(w), activations = Vector256.Load(x);
        // Signed weights give their sign to the activations, which are never -128.
        return IsUnsigned
            ? TByteDot.Add(Vector256<int>.Zero, weights.AsByte() + Vector256.Create((byte)(1 << TUnit.ZeroShift)), activations)
            : TByteDot.Add(Vector256<int>.Zero, X86.Avx2.Abs(weights), X86.Avx2.Sign(activations, weights));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Ahead(byte* unit)
    {
        Sse.Prefetch0(unit + Prefetch.Distance);
        if (TUnit.Bytes > 64)
            Sse.Prefetch0(unit + Prefetch.Distance + 64);
        if (TUnit.Bytes > 128)
            Sse.Prefetch0(unit + Prefetch.Distance + 128);
        if (TUnit.Bytes > 192)
            Sse.Prefetch0(unit + Prefetch.Distance + 192);
        if (TUnit.Bytes > 256)
            Sse.Prefetch0(unit + Prefetch.Distance + 256);
    }
}
