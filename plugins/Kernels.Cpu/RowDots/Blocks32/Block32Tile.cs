using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using X86 = System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.Blocks32;

/// <summary>Rows of 32-weight blocks, eight blocks at a time, whose scales are converted together.</summary>
internal readonly unsafe struct Block32Tile<TBlock, TByteDot> : IRowTile
    where TBlock : struct, IBlock32
    where TByteDot : struct, IByteDot
{
    private const int Columns = Int8Activation.Group;
    private const int Batch = 8;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TRows>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activations, nint stride, float* output, nint outputStride)
        where TRows : struct, IRowCount
    {
        nint scaleOffset = Int8Activation.ScaleOffset(columns), sumOffset = Int8Activation.SumOffset(columns);
        int groups = columns / Columns;
        // Stored once and broadcast from memory: load ports are free here, shuffles are not.
        float* scales = stackalloc float[TRows.Count * Batch];
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* block = weights, a0 = activations, a1 = a0 + stride, a2 = a1 + stride, a3 = a2 + stride;
            // Even and odd blocks are added apart: two chains for each activation row.
            Vector256<float> even0 = default, odd0 = default, minimums0 = default, even1 = default, odd1 = default, minimums1 = default;
            Vector256<float> even2 = default, odd2 = default, minimums2 = default, even3 = default, odd3 = default, minimums3 = default;
            for (int group = 0; group < groups; group += Batch)
            {
                int blocks = Math.Min(Batch, groups - group);
                Ahead(block);
                Vector256<int> halves = blocks == Batch ? Starts(block) : LastStarts(block, (blocks - 1) * TBlock.Bytes);
                Vector256<float> scale = HalfFloat.ToSingle(halves), minimum = TBlock.HasMinimum ? HalfFloat.ToSingle(halves >> 16) : default;
                nint at = group * sizeof(float);
                Scale(scale, minimum, a0 + at, scaleOffset, sumOffset, scales, ref minimums0);
                if (TRows.Count > 1)
                    Scale(scale, minimum, a1 + at, scaleOffset, sumOffset, scales + Batch, ref minimums1);
                if (TRows.Count > 2)
                    Scale(scale, minimum, a2 + at, scaleOffset, sumOffset, scales + 2 * Batch, ref minimums2);
                if (TRows.Count > 3)
                    Scale(scale, minimum, a3 + at, scaleOffset, sumOffset, scales + 3 * Batch, ref minimums3);
                at = group * Columns;
                int k = 0;
                for (; k < blocks - 1; k += 2, block += 2 * TBlock.Bytes, at += 2 * Columns)
                {
                    Vector256<byte> w = TBlock.Weights(block);
                    even0 = Add(even0, scales + k, w, a0 + at);
                    if (TRows.Count > 1)
                        even1 = Add(even1, scales + k + Batch, w, a1 + at);
                    if (TRows.Count > 2)
                        even2 = Add(even2, scales + k + 2 * Batch, w, a2 + at);
                    if (TRows.Count > 3)
                        even3 = Add(even3, scales + k + 3 * Batch, w, a3 + at);
                    w = TBlock.Weights(block + TBlock.Bytes);
                    odd0 = Add(odd0, scales + k + 1, w, a0 + at + Columns);
                    if (TRows.Count > 1)
                        odd1 = Add(odd1, scales + k + 1 + Batch, w, a1 + at + Columns);
                    if (TRows.Count > 2)
                        odd2 = Add(odd2, scales + k + 1 + 2 * Batch, w, a2 + at + Columns);
                    if (TRows.Count > 3)
                        odd3 = Add(odd3, scales + k + 1 + 3 * Batch, w, a3 + at + Columns);
                }
                if (k < blocks)
                {
                    Vector256<byte> w = TBlock.Weights(block);
                    even0 = Add(even0, scales + k, w, a0 + at);
                    if (TRows.Count > 1)
                        even1 = Add(even1, scales + k + Batch, w, a1 + at);
                    if (TRows.Count > 2)
                        even2 = Add(even2, scales + k + 2 * Batch, w, a2 + at);
                    if (TRows.Count > 3)
                        even3 = Add(even3, scales + k + 3 * Batch, w, a3 + at);
                }
            }
            output[row] = Vector256.Sum(even0 + odd0 + minimums0);
            if (TRows.Count > 1)
                output[row + outputStride] = Vector256.Sum(even1 + odd1 + minimums1);
            if (TRows.Count > 2)
                output[row + 2 * outputStride] = Vector256.Sum(even2 + odd2 + minimums2);
            if (TRows.Count > 3)
                output[row + 3 * outputStride] = Vector256.Sum(even3 + odd3 + minimums3);
        }
    }

    /// <summary>The blocks' scales times the activations'; adds the blocks' minimums times the activations' sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scale(Vector256<float> scale, Vector256<float> minimum, byte* activation, nint scaleOffset, nint sumOffset, float* scales, ref Vector256<float> minimums)
    {
        (scale * Vector256.Load((float*)(activation + scaleOffset))).Store(scales);
        if (TBlock.HasMinimum)
            minimums = Fma.MultiplyAdd(minimum, Vector256.Load((float*)(activation + sumOffset)), minimums);
    }

    /// <summary>Adds the block's integer dot product, in eight parts, times its scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Add(Vector256<float> sum, float* scale, Vector256<byte> weights, byte* q)
    {
        Vector256<sbyte> activations = Vector256.Load((sbyte*)q);
        // Signed weights give their sign to the activations, which are never -128.
        Vector256<int> dot = TBlock.HasMinimum
            ? TByteDot.Add(Vector256<int>.Zero, weights, activations)
            : TByteDot.Add(Vector256<int>.Zero, X86.Avx2.Abs(weights.AsSByte()), X86.Avx2.Sign(activations, weights.AsSByte()));
        return Fma.MultiplyAdd(Vector256.Create(*scale), Vector256.ConvertToSingle(dot), sum);
    }

    /// <summary>The first four bytes of eight blocks: the scale, and the minimum or what else follows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Starts(byte* block) =>
        Vector256.Create(
            Unsafe.ReadUnaligned<int>(block),
            Unsafe.ReadUnaligned<int>(block + TBlock.Bytes),
            Unsafe.ReadUnaligned<int>(block + 2 * TBlock.Bytes),
            Unsafe.ReadUnaligned<int>(block + 3 * TBlock.Bytes),
            Unsafe.ReadUnaligned<int>(block + 4 * TBlock.Bytes),
            Unsafe.ReadUnaligned<int>(block + 5 * TBlock.Bytes),
            Unsafe.ReadUnaligned<int>(block + 6 * TBlock.Bytes),
            Unsafe.ReadUnaligned<int>(block + 7 * TBlock.Bytes));

    /// <summary>As <see cref="Starts"/> for fewer blocks: the last one again for those beyond it, whose activations' scales and sums are zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> LastStarts(byte* block, int last) =>
        Vector256.Create(
            Unsafe.ReadUnaligned<int>(block),
            Unsafe.ReadUnaligned<int>(block + Math.Min(TBlock.Bytes, last)),
            Unsafe.ReadUnaligned<int>(block + Math.Min(2 * TBlock.Bytes, last)),
            Unsafe.ReadUnaligned<int>(block + Math.Min(3 * TBlock.Bytes, last)),
            Unsafe.ReadUnaligned<int>(block + Math.Min(4 * TBlock.Bytes, last)),
            Unsafe.ReadUnaligned<int>(block + Math.Min(5 * TBlock.Bytes, last)),
            Unsafe.ReadUnaligned<int>(block + Math.Min(6 * TBlock.Bytes, last)),
            Unsafe.ReadUnaligned<int>(block + Math.Min(7 * TBlock.Bytes, last)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Ahead(byte* block)
    {
        Sse.Prefetch0(block + Prefetch.Distance);
        Sse.Prefetch0(block + Prefetch.Distance + 64);
        Sse.Prefetch0(block + Prefetch.Distance + 128);
        if (Batch * TBlock.Bytes > 192)
        {
            Sse.Prefetch0(block + Prefetch.Distance + 192);
            Sse.Prefetch0(block + Prefetch.Distance + 256);
        }
    }
}
