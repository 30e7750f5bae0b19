using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using X86 = System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.Blocks32;

internal static unsafe partial class Block32Dot
{
    /// <summary>Eight blocks at a time, whose scales are converted together; <see cref="GroupSum"/> says in which order they are added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Avx2<TBlock, TByteDot>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activation, float* output)
        where TBlock : struct, IBlock32
        where TByteDot : struct, IByteDot
    {
        float* scales = (float*)(activation + Int8Activation.ScaleOffset(columns)), sums = (float*)(activation + Int8Activation.SumOffset(columns));
        int* negatedSums = (int*)(activation + Int8Activation.NegatedSumOffset(columns));
        int groups = columns / Columns;
        int* starts = stackalloc int[GroupSum.Lanes];
        Vector256<int>.Zero.Store(starts);
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* block = weights;
            sbyte* q = (sbyte*)activation;
            Vector256<float> lanes = default;
            int group = 0;
            for (; group <= groups - GroupSum.Lanes; group += GroupSum.Lanes, block += GroupSum.Lanes * TBlock.Bytes, q += GroupSum.Lanes * Columns)
            {
                Ahead<TBlock>(block);
                Vector256<int> eight = GroupSum.Of(
                    Dot<TBlock, TByteDot>(block, q),
                    Dot<TBlock, TByteDot>(block + TBlock.Bytes, q + Columns),
                    Dot<TBlock, TByteDot>(block + 2 * TBlock.Bytes, q + 2 * Columns),
                    Dot<TBlock, TByteDot>(block + 3 * TBlock.Bytes, q + 3 * Columns),
                    Dot<TBlock, TByteDot>(block + 4 * TBlock.Bytes, q + 4 * Columns),
                    Dot<TBlock, TByteDot>(block + 5 * TBlock.Bytes, q + 5 * Columns),
                    Dot<TBlock, TByteDot>(block + 6 * TBlock.Bytes, q + 6 * Columns),
                    Dot<TBlock, TByteDot>(block + 7 * TBlock.Bytes, q + 7 * Columns));
                lanes = Add<TBlock>(lanes, eight, Starts<TBlock>(block), scales + group, sums + group, negatedSums + group);
            }
            if (group < groups)
            {
                // Blocks that are not there leave their lanes as they are: their scales and sums are zero.
                int left = groups - group;
                Vector256<int> b = default, c = default, d = default, e = default, f = default, g = default, a = Dot<TBlock, TByteDot>(block, q);
                starts[0] = Unsafe.ReadUnaligned<int>(block);
                if (left > 1)
                    b = Next<TBlock, TByteDot>(block, q, 1, starts);
                if (left > 2)
                    c = Next<TBlock, TByteDot>(block, q, 2, starts);
                if (left > 3)
                    d = Next<TBlock, TByteDot>(block, q, 3, starts);
                if (left > 4)
                    e = Next<TBlock, TByteDot>(block, q, 4, starts);
                if (left > 5)
                    f = Next<TBlock, TByteDot>(block, q, 5, starts);
                if (left > 6)
                    g = Next<TBlock, TByteDot>(block, q, 6, starts);
                lanes = Add<TBlock>(lanes, GroupSum.Of(a, b, c, d, e, f, g, default), Vector256.Load(starts), scales + group, sums + group, negatedSums + group);
            }
            output[row] = GroupSum.Of(lanes);
        }
    }

    /// <summary>Adds eight blocks' integers times their scales, and their minimums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Add<TBlock>(Vector256<float> lanes, Vector256<int> dots, Vector256<int> starts, float* scales, float* sums, int* negatedSums)
        where TBlock : struct, IBlock32
    {
        if (TBlock.ZeroShift > 0 && TBlock.Planes == 1)
            dots += Vector256.Load(negatedSums) << TBlock.ZeroShift;
        lanes = Fma.MultiplyAdd(Vector256.ConvertToSingle(dots), HalfFloat.ToSingle(starts) * Vector256.Load(scales), lanes);
        return TBlock.HasMinimum ? Fma.MultiplyAdd(HalfFloat.ToSingle(starts >> 16), Vector256.Load(sums), lanes) : lanes;
    }

    /// <summary>As <see cref="Dot"/> for a later block, with its start.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Next<TBlock, TByteDot>(byte* block, sbyte* q, int index, int* starts)
        where TBlock : struct, IBlock32
        where TByteDot : struct, IByteDot
    {
        starts[index] = Unsafe.ReadUnaligned<int>(block + index * TBlock.Bytes);
        return Dot<TBlock, TByteDot>(block + index * TBlock.Bytes, q + index * Columns);
    }

    /// <summary>A block's integer dot product, in eight parts; without what the zero point takes away, where that is done for eight blocks together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Dot<TBlock, TByteDot>(byte* block, sbyte* q)
        where TBlock : struct, IBlock32
        where TByteDot : struct, IByteDot
    {
        Vector256<byte> weights = TBlock.Weights(block);
        Vector256<sbyte> activations = Vector256.Load(q);
        // Signed weights give their sign to the activations, which are never -128.
        return TBlock.Planes == 1
            ? TByteDot.Add(Vector256<int>.Zero, weights, activations)
            : TByteDot.Add(Vector256<int>.Zero, X86.Avx2.Abs(weights.AsSByte()), X86.Avx2.Sign(activations, weights.AsSByte()));
    }

    /// <summary>The first four bytes of eight blocks: the scale, and the minimum or what else follows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Starts<TBlock>(byte* block)
        where TBlock : struct, IBlock32 =>
        Vector256.Create(
            Unsafe.ReadUnaligned<int>(block),
            Unsafe.ReadUnaligned<int>(block + TBlock.Bytes),
            Unsafe.ReadUnaligned<int>(block + 2 * TBlock.Bytes),
            Unsafe.ReadUnaligned<int>(block + 3 * TBlock.Bytes),
            Unsafe.ReadUnaligned<int>(block + 4 * TBlock.Bytes),
            Unsafe.ReadUnaligned<int>(block + 5 * TBlock.Bytes),
            Unsafe.ReadUnaligned<int>(block + 6 * TBlock.Bytes),
            Unsafe.ReadUnaligned<int>(block + 7 * TBlock.Bytes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Ahead<TBlock>(byte* block)
        where TBlock : struct, IBlock32
    {
        Sse.Prefetch0(block + Prefetch.Distance);
        Sse.Prefetch0(block + Prefetch.Distance + 64);
        Sse.Prefetch0(block + Prefetch.Distance + 128);
        if (GroupSum.Lanes * TBlock.Bytes > 192)
        {
            Sse.Prefetch0(block + Prefetch.Distance + 192);
            Sse.Prefetch0(block + Prefetch.Distance + 256);
        }
    }
}
