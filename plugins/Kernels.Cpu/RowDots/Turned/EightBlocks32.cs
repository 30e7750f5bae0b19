using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Blocks32;
using Tessera.Kernels.Cpu.RowDots.Numerics;
using static Tessera.Kernels.Cpu.RowDots.Turned.ColumnFours;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Turned;

/// <summary>Eight rows of 32-weight blocks: one block of each at a time.</summary>
internal readonly unsafe struct EightBlocks32<TBlock, TByteDot> : IEightRows
    where TBlock : struct, IBlock32
    where TByteDot : struct, IByteDot
{
    private const int Columns = Int8Activation.Group, Rows = EightRows.Rows, Most = EightRows.Most, Alignment = 64;

    // Blocks of a row that are asked for ahead; every row's turn comes each eighth block.
    private const int Ahead = 16;

    public static int Least => TBlock.Planes > 1 ? 7 : 6;

    // What is read of the stack's memory is written before.
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public static void Multiply(byte* weights, nint rowBytes, int columns, byte* activations, nint stride, int count, float* output, nint outputStride)
    {
        byte* room = stackalloc byte[sizeof(Vector256<float>) * (GroupSum.Lanes * Most + 2 * Rows) + Alignment];
        byte* unpacked = (byte*)((nint)(room + Alignment - 1) & -Alignment), signs = unpacked + sizeof(Vector256<byte>) * Rows;
        Vector256<float>* lanes = (Vector256<float>*)(signs + sizeof(Vector256<byte>) * Rows);
        new Span<Vector256<float>>(lanes, GroupSum.Lanes * count).Clear();
        int groups = columns / Columns;
        nint step = Int8Activation.ScaleOffset(columns), sum = Int8Activation.SumOffset(columns), negatedSum = Int8Activation.NegatedSumOffset(columns);
        nint further = Rows * rowBytes - (nint)groups * TBlock.Bytes;
        byte* block = weights, x = activations;
        for (int group = 0; group < groups; group++, block += TBlock.Bytes, x += Columns, step += sizeof(float), sum += sizeof(float), negatedSum += sizeof(int))
        {
            AskAhead(block + group % Rows * rowBytes + (group + Ahead < groups ? 0 : further));
            Vector256<int> start = Turn.One(block, rowBytes);
            Vector256<float> scale = HalfFloat.ToSingle(start), minimum = TBlock.HasMinimum ? HalfFloat.ToSingle(start >> 16) : default;
            Unpack(block, rowBytes, unpacked, out Vector256<byte> w0, out Vector256<byte> w1, out Vector256<byte> w2, out Vector256<byte> w3, out Vector256<byte> w4, out Vector256<byte> w5, out Vector256<byte> w6, out Vector256<byte> w7);
            if (TBlock.Planes > 1)
            {
                w0 = Magnitude(w0, signs);
                w1 = Magnitude(w1, signs + 32);
                w2 = Magnitude(w2, signs + 64);
                w3 = Magnitude(w3, signs + 96);
                w4 = Magnitude(w4, signs + 128);
                w5 = Magnitude(w5, signs + 160);
                w6 = Magnitude(w6, signs + 192);
                w7 = Magnitude(w7, signs + 224);
            }
            byte* q = x, row = activations;
            Vector256<float>* lane = lanes + group % GroupSum.Lanes * count;
            for (Vector256<float>* end = lane + count; lane < end; lane++, q += stride, row += stride)
            {
                Vector256<int> dots;
                if (TBlock.Planes > 1)
                {
                    dots = TByteDot.Add(Signed(default, w0, q, signs), w1, Sign(q + 4, signs + 32));
                    dots = TByteDot.Add(TByteDot.Add(dots, w2, Sign(q + 8, signs + 64)), w3, Sign(q + 12, signs + 96));
                    dots = TByteDot.Add(TByteDot.Add(dots, w4, Sign(q + 16, signs + 128)), w5, Sign(q + 20, signs + 160));
                    dots = TByteDot.Add(TByteDot.Add(dots, w6, Sign(q + 24, signs + 192)), w7, Sign(q + 28, signs + 224));
                }
                else if (typeof(TByteDot) != typeof(PairDot))
                {
                    dots = TByteDot.Add(TByteDot.Add(TByteDot.Add(TByteDot.Add(default, w0, Four(q)), w1, Four(q + 4)), w2, Four(q + 8)), w3, Four(q + 12));
                    dots = TByteDot.Add(TByteDot.Add(TByteDot.Add(TByteDot.Add(dots, w4, Four(q + 16)), w5, Four(q + 20)), w6, Four(q + 24)), w7, Four(q + 28));
                }
                else
                {
                    // 16 bits hold the sums of four vectors' pairs, of small values those of eight.
                    Vector256<short> low = Pairs(w0, q) + Pairs(w1, q + 4) + (Pairs(w2, q + 8) + Pairs(w3, q + 12)), high = Pairs(w4, q + 16) + Pairs(w5, q + 20) + (Pairs(w6, q + 24) + Pairs(w7, q + 28));
                    Vector256<short> ones = Vector256.Create((short)1);
                    dots = TBlock.Run >= 8 ? X86.Avx2.MultiplyAddAdjacent(low + high, ones) : X86.Avx2.MultiplyAddAdjacent(low, ones) + X86.Avx2.MultiplyAddAdjacent(high, ones);
                }
                if (TBlock.ZeroShift > 0 && TBlock.Planes == 1)
                    dots += Vector256.Create(*(int*)(row + negatedSum)) << TBlock.ZeroShift;
                Vector256<float> sums = Fma.MultiplyAdd(Vector256.ConvertToSingle(dots), scale * Vector256.Create(*(float*)(row + step)), *lane);
                *lane = TBlock.HasMinimum ? Fma.MultiplyAdd(minimum, Vector256.Create(*(float*)(row + sum)), sums) : sums;
            }
        }
        for (int row = 0; row < count; row++, lanes++, output += outputStride)
            ((lanes[0] + lanes[4 * count] + (lanes[2 * count] + lanes[6 * count])) + (lanes[count] + lanes[5 * count] + (lanes[3 * count] + lanes[7 * count]))).Store(output);
    }

    /// <summary>A block of each row, turned: the first vector holds columns 0 to 3 of all rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Unpack(
        byte* block,
        nint rowBytes,
        byte* unpacked,
        out Vector256<byte> w0,
        out Vector256<byte> w1,
        out Vector256<byte> w2,
        out Vector256<byte> w3,
        out Vector256<byte> w4,
        out Vector256<byte> w5,
        out Vector256<byte> w6,
        out Vector256<byte> w7)
    {
        if (TBlock.NibblesAt > 0)
        {
            // Turned as they are packed: half the work.
            Turn.Four(block + TBlock.NibblesAt, rowBytes, out Vector256<byte> a, out Vector256<byte> b, out Vector256<byte> c, out Vector256<byte> d);
            Vector256<byte> nibble = Vector256.Create((byte)15);
            w0 = a & nibble;
            w1 = b & nibble;
            w2 = c & nibble;
            w3 = d & nibble;
            w4 = (a.AsUInt16() >> 4).AsByte() & nibble;
            w5 = (b.AsUInt16() >> 4).AsByte() & nibble;
            w6 = (c.AsUInt16() >> 4).AsByte() & nibble;
            w7 = (d.AsUInt16() >> 4).AsByte() & nibble;
            return;
        }
        if (TBlock.Planes > 1)
        {
            // Bytes as they stand.
            Turn.Eight(block + TBlock.Bytes - Columns, rowBytes, out w0, out w1, out w2, out w3, out w4, out w5, out w6, out w7);
            return;
        }
        for (int row = 0; row < Rows; row++, block += rowBytes)
            TBlock.Weights(block).StoreAligned(unpacked + row * Columns);
        Turn.Eight(unpacked, Columns, out w0, out w1, out w2, out w3, out w4, out w5, out w6, out w7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AskAhead(byte* block)
    {
        for (int line = 0; line < Rows * TBlock.Bytes; line += 64)
            Sse.Prefetch0(block + Ahead * TBlock.Bytes + line);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pairs(Vector256<byte> weights, byte* q) => X86.Avx2.MultiplyAddAdjacent(weights, Four(q));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Signed(Vector256<int> sum, Vector256<byte> magnitudes, byte* q, byte* signs) => TByteDot.Add(sum, magnitudes, Sign(q, signs));
}
