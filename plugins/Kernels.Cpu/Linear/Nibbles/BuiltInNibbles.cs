using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Blocks32;
using Tessera.Kernels.Cpu.RowDots.Numerics;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Linear.Nibbles;

/// <summary>
/// Rows of nibbles with scales apart from them, in C#. 64 columns are 32 bytes: their low nibbles are the even columns, their high ones the odd columns, and so the activations are brought into that order.
/// Sums come in <see cref="GroupSum"/>'s order: the same products as those of the tiles, which unpack it.
/// </summary>
internal sealed unsafe class BuiltInNibbles<TType>(NibbleRows rows) : NibbleKernel
    where TType : struct, INibbleType
{
    private const int Group = Int8Activation.Group, Step = GroupSum.Lanes * Group;

    // Each activation row in its order, with zeros up to whole steps.
    public override long ScratchBytes => (long)Padded * Most;

    private int Columns => rows.Columns;

    public override void Multiply(int firstRow, int rowCount, byte* scratch, byte* activations, long activationStride, int count, float* output, long outputStride)
    {
        for (int row = 0; row < count; row++)
            Order((sbyte*)activations + row * activationStride, (sbyte*)scratch + (long)row * Padded);
        if (count == 1)
            Products<Count1>(firstRow, rowCount, (sbyte*)scratch, Padded, activations, activationStride, output, outputStride);
        else if (count == 2)
            Products<Count2>(firstRow, rowCount, (sbyte*)scratch, Padded, activations, activationStride, output, outputStride);
        else
            Products<Count3>(firstRow, rowCount, (sbyte*)scratch, Padded, activations, activationStride, output, outputStride);
    }

    /// <summary>Has all of it compiled, so that no step waits for it.</summary>
    public BuiltInNibbles<TType> Compiled()
    {
        Products<Count1>(0, 0, null, 0, null, 0, null, 0);
        Products<Count2>(0, 0, null, 0, null, 0, null, 0);
        Products<Count3>(0, 0, null, 0, null, 0, null, 0);
        return this;
    }

    private int Padded => (Columns + Step - 1) / Step * Step;

    // Of each 64 columns: the even ones of the first and of the second 32, then the odd ones of both.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Order(sbyte* quants, sbyte* ordered)
    {
        Vector256<sbyte> pick = Vector256.Create(Vector128.Create(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, (sbyte)15));
        for (int i = 0; i < Padded; i += 64, ordered += 64)
        {
            Vector256<long> first = Half(quants, i, pick), second = Half(quants, i + Group, pick);
            X86.Avx2.Permute2x128(first, second, 0x20).Store((long*)ordered);
            X86.Avx2.Permute2x128(first, second, 0x31).Store((long*)ordered + 4);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector256<long> Half(sbyte* quants, int column, Vector256<sbyte> pick) =>
        column < Columns ? X86.Avx2.Permute4x64(X86.Avx2.Shuffle(Vector256.Load(quants + column), pick).AsInt64(), 0b_11_01_10_00) : Vector256<long>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Products<TRows>(int firstRow, int rowCount, sbyte* ordered, int orderedStride, byte* activations, long activationStride, float* output, long outputStride)
        where TRows : struct, ICount
    {
        int columns = Columns, groups = columns / Group, scaleOffset = Int8Activation.ScaleOffset(columns), sumOffset = Int8Activation.SumOffset(columns);
        byte* data = rows.Data + (long)firstRow * columns / 2, rest = stackalloc byte[Step / 2];
        float* lastScales = stackalloc float[2 * GroupSum.Lanes], lastMinimums = lastScales + GroupSum.Lanes;
        byte* x1 = activations + activationStride, x2 = x1 + activationStride;
        sbyte* q1 = ordered + orderedStride, q2 = q1 + orderedStride;
        for (int row = firstRow; row < firstRow + rowCount; row++, data += columns / 2, output++)
        {
            NibbleRow scales = rows.Row(row);
            Ahead(scales);
            Vector256<float> lanes0 = default, lanes1 = default, lanes2 = default;
            int group = 0;
            for (; group <= groups - GroupSum.Lanes; group += GroupSum.Lanes)
            {
                byte* packed = data + group * (Group / 2);
                X86.Sse.Prefetch0(packed + Prefetch.Distance);
                X86.Sse.Prefetch0(packed + Prefetch.Distance + 64);
                TType.Eight(scales, group, out Vector256<float> scale, out Vector256<float> minimum);
                lanes0 = Add(lanes0, Dots(packed, ordered + group * Group), scale, minimum, activations + scaleOffset, activations + sumOffset, group);
                if (TRows.Count > 1)
                    lanes1 = Add(lanes1, Dots(packed, q1 + group * Group), scale, minimum, x1 + scaleOffset, x1 + sumOffset, group);
                if (TRows.Count > 2)
                    lanes2 = Add(lanes2, Dots(packed, q2 + group * Group), scale, minimum, x2 + scaleOffset, x2 + sumOffset, group);
            }
            if (group < groups)
            {
                // The last groups with zeros behind them: what follows may be no part of the file.
                Last(scales, data, group, groups, rest, lastScales, lastMinimums);
                Vector256<float> scale = Vector256.Load(lastScales), minimum = Vector256.Load(lastMinimums);
                lanes0 = Add(lanes0, Dots(rest, ordered + group * Group), scale, minimum, activations + scaleOffset, activations + sumOffset, group);
                if (TRows.Count > 1)
                    lanes1 = Add(lanes1, Dots(rest, q1 + group * Group), scale, minimum, x1 + scaleOffset, x1 + sumOffset, group);
                if (TRows.Count > 2)
                    lanes2 = Add(lanes2, Dots(rest, q2 + group * Group), scale, minimum, x2 + scaleOffset, x2 + sumOffset, group);
            }
            output[0] = GroupSum.Of(lanes0);
            if (TRows.Count > 1)
                output[outputStride] = GroupSum.Of(lanes1);
            if (TRows.Count > 2)
                output[2 * outputStride] = GroupSum.Of(lanes2);
        }
    }

    // The scales of the next rows: streams as thin as these are not followed by the hardware.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Ahead(in NibbleRow row)
    {
        for (long at = 2 * rows.RowScales; at < 3 * rows.RowScales; at += 64)
        {
            X86.Sse.Prefetch0(row.Scales + at);
            if (rows.Kind == NibbleKind.Biases)
                X86.Sse.Prefetch0(row.Others + at);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Add(Vector256<float> lanes, Vector256<int> dots, Vector256<float> scales, Vector256<float> minimums, byte* steps, byte* sums, int group)
    {
        lanes = X86.Fma.MultiplyAdd(Vector256.ConvertToSingle(dots), scales * Vector256.Load((float*)steps + group), lanes);
        return X86.Fma.MultiplyAdd(minimums, Vector256.Load((float*)sums + group), lanes);
    }

    // The products of eight groups: each vector holds those of two, in its halves.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Dots(byte* packed, sbyte* ordered)
    {
        Vector256<int> a = Two(packed, ordered), b = Two(packed + 32, ordered + 64), c = Two(packed + 64, ordered + 128), d = Two(packed + 96, ordered + 192);
        Vector256<long> ab = (X86.Avx2.UnpackLow(a, b) + X86.Avx2.UnpackHigh(a, b)).AsInt64(), cd = (X86.Avx2.UnpackLow(c, d) + X86.Avx2.UnpackHigh(c, d)).AsInt64();
        Vector256<int> sums = X86.Avx2.UnpackLow(ab, cd).AsInt32() + X86.Avx2.UnpackHigh(ab, cd).AsInt32();
        return X86.Avx2.PermuteVar8x32(sums, Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7));
    }

    // Two pairs of products of up to 31 · 127 fit 16 bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Two(byte* packed, sbyte* ordered)
    {
        Vector256<byte> nibbles = Vector256.Load(packed), mask = Vector256.Create((byte)15);
        Vector256<short> even = X86.Avx2.MultiplyAddAdjacent(TType.Values(nibbles & mask), Vector256.Load(ordered));
        Vector256<short> odd = X86.Avx2.MultiplyAddAdjacent(TType.Values((nibbles.AsUInt16() >> 4).AsByte() & mask), Vector256.Load(ordered + 32));
        return X86.Avx2.MultiplyAddAdjacent(even + odd, Vector256.Create((short)1));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Last(in NibbleRow row, byte* data, int group, int groups, byte* rest, float* scales, float* minimums)
    {
        new Span<byte>(rest, Step / 2).Clear();
        Unsafe.CopyBlockUnaligned(rest, data + group * (Group / 2), (uint)((groups - group) * (Group / 2)));
        Vector256<float>.Zero.Store(scales);
        Vector256<float>.Zero.Store(minimums);
        for (int i = 0; i < groups - group; i++)
            TType.One(row, group + i, out scales[i], out minimums[i]);
    }
}
