using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Numerics;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Blocks32;

/// <summary>
/// Rows of 32-weight blocks with up to five activation rows. Eight blocks are unpacked once and turned so that each vector holds the same four columns of all eight, as the activations are before: then a block's
/// products stay in one place, and nothing is summed across a vector. One row alone is faster as it stands.
/// </summary>
internal readonly unsafe struct Block32Tile<TBlock, TByteDot> : IRowTile
    where TBlock : struct, IBlock32
    where TByteDot : struct, IByteDot
{
    private const int Columns = Int8Activation.Group, Run = GroupSum.Lanes * Columns, Alignment = 64;

    // The turned activations are on the stack.
    private const int MostColumns = 1 << 15;

    // Measured: with four rows of signed weights the compiler gives up inlining, which doubles their time.
    public static int MostRows => TBlock.Planes > 1 ? 3 : 5;

    // The stack's memory is written whole before it is read.
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public static void Multiply<TRows>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activations, nint stride, float* output, nint outputStride)
        where TRows : struct, ICount
    {
        if (TRows.Count == 1 || columns > MostColumns)
        {
            for (int row = 0; row < TRows.Count; row++, activations += stride, output += outputStride)
                Block32Dot.Avx2<TBlock, TByteDot>(weights, rowBytes, rowCount, columns, activations, output);
            return;
        }
        int scaleOffset = Int8Activation.ScaleOffset(columns), sumOffset = Int8Activation.SumOffset(columns), negatedSumOffset = Int8Activation.NegatedSumOffset(columns);
        int groups = columns / Columns, turned = (columns + Run - 1) / Run * Run;
        byte* room = stackalloc byte[TRows.Count * turned + Alignment];
        sbyte* q = (sbyte*)((nint)(room + Alignment - 1) & -Alignment);
        for (int row = 0; row < TRows.Count; row++)
            TurnActivations((sbyte*)activations + row * stride, columns, q + row * turned);
        byte* rest = stackalloc byte[Run];
        int* starts = stackalloc int[GroupSum.Lanes];
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* block = weights, activation = activations;
            Vector256<float> lanes0 = default, lanes1 = default, lanes2 = default, lanes3 = default, lanes4 = default;
            for (int group = 0; group < groups; group += GroupSum.Lanes, block += GroupSum.Lanes * TBlock.Bytes)
            {
                Vector256<int> start;
                Eight w;
                if (group <= groups - GroupSum.Lanes)
                {
                    Block32Dot.Ahead<TBlock>(block);
                    start = Block32Dot.Starts<TBlock>(block);
                    w = Eight.Turned(
                        TBlock.Weights(block), TBlock.Weights(block + TBlock.Bytes), TBlock.Weights(block + 2 * TBlock.Bytes), TBlock.Weights(block + 3 * TBlock.Bytes),
                        TBlock.Weights(block + 4 * TBlock.Bytes), TBlock.Weights(block + 5 * TBlock.Bytes), TBlock.Weights(block + 6 * TBlock.Bytes), TBlock.Weights(block + 7 * TBlock.Bytes));
                }
                else
                {
                    // Blocks that are not there have no weight and no scale.
                    new Span<byte>(rest, Run).Clear();
                    Vector256<int>.Zero.Store(starts);
                    for (int i = 0; i < groups - group; i++)
                    {
                        TBlock.Weights(block + i * TBlock.Bytes).Store(rest + i * Columns);
                        starts[i] = Unsafe.ReadUnaligned<int>(block + i * TBlock.Bytes);
                    }
                    start = Vector256.Load(starts);
                    w = Eight.Turned(rest);
                }
                Vector256<float> scale = HalfFloat.ToSingle(start), minimum = TBlock.HasMinimum ? HalfFloat.ToSingle(start >> 16) : default;
                sbyte* x = q + group * Columns;
                lanes0 = Add(lanes0, Dots(w, x), activation, group, scale, minimum, scaleOffset, sumOffset, negatedSumOffset);
                lanes1 = Add(lanes1, Dots(w, x + turned), activation + stride, group, scale, minimum, scaleOffset, sumOffset, negatedSumOffset);
                if (TRows.Count > 2)
                    lanes2 = Add(lanes2, Dots(w, x + 2 * turned), activation + 2 * stride, group, scale, minimum, scaleOffset, sumOffset, negatedSumOffset);
                if (TRows.Count > 3)
                    lanes3 = Add(lanes3, Dots(w, x + 3 * turned), activation + 3 * stride, group, scale, minimum, scaleOffset, sumOffset, negatedSumOffset);
                if (TRows.Count > 4)
                    lanes4 = Add(lanes4, Dots(w, x + 4 * turned), activation + 4 * stride, group, scale, minimum, scaleOffset, sumOffset, negatedSumOffset);
            }
            output[row] = GroupSum.Of(lanes0);
            output[row + outputStride] = GroupSum.Of(lanes1);
            if (TRows.Count > 2)
                output[row + 2 * outputStride] = GroupSum.Of(lanes2);
            if (TRows.Count > 3)
                output[row + 3 * outputStride] = GroupSum.Of(lanes3);
            if (TRows.Count > 4)
                output[row + 4 * outputStride] = GroupSum.Of(lanes4);
        }
    }

    private static void TurnActivations(sbyte* from, int columns, sbyte* to)
    {
        int whole = columns / Run * Run;
        for (int i = 0; i < whole; i += Run)
            Eight.Turned((byte*)from + i).Store((byte*)to + i);
        if (whole == columns)
            return;
        byte* rest = stackalloc byte[Run];
        new Span<byte>(rest, Run).Clear();
        Unsafe.CopyBlockUnaligned(rest, from + whole, (uint)(columns - whole));
        Eight.Turned(rest).Store((byte*)to + whole);
    }

    /// <summary>Adds eight blocks' integers times their scales, and their minimums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Add(Vector256<float> lanes, Vector256<int> dots, byte* activation, int group, Vector256<float> scale, Vector256<float> minimum, int scaleOffset, int sumOffset, int negatedSumOffset)
    {
        if (TBlock.ZeroShift > 0 && TBlock.Planes == 1)
            dots += Vector256.Load((int*)(activation + negatedSumOffset) + group) << TBlock.ZeroShift;
        lanes = Fma.MultiplyAdd(Vector256.ConvertToSingle(dots), scale * Vector256.Load((float*)(activation + scaleOffset) + group), lanes);
        return TBlock.HasMinimum ? Fma.MultiplyAdd(minimum, Vector256.Load((float*)(activation + sumOffset) + group), lanes) : lanes;
    }

    /// <summary>The dot products of eight blocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Dots(in Eight w, sbyte* q)
    {
        if (TBlock.Planes > 1)
            return Signed(Signed(Signed(Signed(Signed(Signed(Signed(Signed(default, w.A, q), w.B, q + 32), w.C, q + 64), w.D, q + 96), w.E, q + 128), w.F, q + 160), w.G, q + 192), w.H, q + 224);
        if (typeof(TByteDot) != typeof(PairDot))
        {
            Vector256<int> sum = TByteDot.Add(TByteDot.Add(TByteDot.Add(TByteDot.Add(default, w.A, Load(q)), w.B, Load(q + 32)), w.C, Load(q + 64)), w.D, Load(q + 96));
            return TByteDot.Add(TByteDot.Add(TByteDot.Add(TByteDot.Add(sum, w.E, Load(q + 128)), w.F, Load(q + 160)), w.G, Load(q + 192)), w.H, Load(q + 224));
        }
        // 16 bits hold the sums of four vectors' pairs, of small values those of eight.
        Vector256<short> low = Pairs(w.A, q) + Pairs(w.B, q + 32) + (Pairs(w.C, q + 64) + Pairs(w.D, q + 96)), high = Pairs(w.E, q + 128) + Pairs(w.F, q + 160) + (Pairs(w.G, q + 192) + Pairs(w.H, q + 224));
        Vector256<short> ones = Vector256.Create((short)1);
        return TBlock.Run >= 8 ? X86.Avx2.MultiplyAddAdjacent(low + high, ones) : X86.Avx2.MultiplyAddAdjacent(low, ones) + X86.Avx2.MultiplyAddAdjacent(high, ones);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pairs(Vector256<byte> weights, sbyte* q) => X86.Avx2.MultiplyAddAdjacent(weights, Load(q));

    // Signed weights give their sign to the activations, which are never -128.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Signed(Vector256<int> sum, Vector256<byte> weights, sbyte* q) => TByteDot.Add(sum, X86.Avx2.Abs(weights.AsSByte()), X86.Avx2.Sign(Load(q), weights.AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<sbyte> Load(sbyte* q) => Vector256.LoadAligned(q);
}
