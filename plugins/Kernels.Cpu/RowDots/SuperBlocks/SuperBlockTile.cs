using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>Rows of super-blocks: each block is unpacked once for all activation rows, and the scales of four blocks are converted together.</summary>
internal readonly unsafe struct SuperBlockTile<TBlock> : IRowTile
    where TBlock : struct, ISuperBlock
{
    private const int Columns = Int8SuperActivation.Block;

    public static int MostRows => 5;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TRows>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activations, nint stride, float* output, nint outputStride)
        where TRows : struct, ICount
    {
        int blocks = columns / Columns;
        Vector128<int>* more = stackalloc Vector128<int>[2 * SuperBlockDot.MoreOffsets];
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* block = weights;
            sbyte* q = (sbyte*)activations;
            short* sums16 = (short*)(activations + Int8SuperActivation.Sum16Offset(columns)), sums32 = (short*)(activations + Int8SuperActivation.Sum32Offset(columns));
            byte* steps = activations + Int8SuperActivation.ScaleOffset(columns);
            Vector128<float> lanes0 = default, lanes1 = default, lanes2 = default, lanes3 = default, lanes4 = default;
            for (int left = blocks; left > 0; left -= SuperSum.Lanes, steps += sizeof(Vector128<float>))
            {
                // Blocks that are not there leave their lanes as they are: their scales are zero.
                Vector128<int> b = default, c = default, d = default, bo = default, co = default, od = default;
                int halfB = 0, halfC = 0, halfD = 0;
                if (TRows.Count > 1 && left < SuperSum.Lanes)
                    new Span<byte>(more, 2 * SuperBlockDot.MoreOffsets * sizeof(Vector128<int>)).Clear();
                Vector128<int> a = Block<TRows>(block, q, sums16, sums32, stride, out Vector128<int> ao, more, out int halfA);
                if (left > 1)
                    b = Block<TRows>(block + TBlock.Bytes, q + Columns, sums16 + 16, sums32 + 8, stride, out bo, more + 1, out halfB);
                if (left > 2)
                    c = Block<TRows>(block + 2 * TBlock.Bytes, q + 2 * Columns, sums16 + 32, sums32 + 16, stride, out co, more + 2, out halfC);
                if (left > 3)
                    d = Block<TRows>(block + 3 * TBlock.Bytes, q + 3 * Columns, sums16 + 48, sums32 + 24, stride, out od, more + 3, out halfD);
                block += SuperSum.Lanes * TBlock.Bytes;
                q += SuperSum.Lanes * Columns;
                sums16 += SuperSum.Lanes * 16;
                sums32 += SuperSum.Lanes * 8;
                Vector128<int> half = Vector128.Create(halfA, halfB, halfC, halfD);
                Vector128<float> scale = HalfFloat.ToSingle(TBlock.HasMinimums ? half : half >>> 16), minimum = TBlock.HasMinimums ? HalfFloat.ToSingle(half >>> 16) : default;
                lanes0 = Add(lanes0, SuperSum.Of(a, b, c, d), SuperSum.Of(ao, bo, co, od), scale, minimum, steps);
                if (TRows.Count > 1)
                    lanes1 = Add(lanes1, more, scale, minimum, steps + stride);
                if (TRows.Count > 2)
                    lanes2 = Add(lanes2, more + SuperSum.Lanes, scale, minimum, steps + 2 * stride);
                if (TRows.Count > 3)
                    lanes3 = Add(lanes3, more + 2 * SuperSum.Lanes, scale, minimum, steps + 3 * stride);
                if (TRows.Count > 4)
                    lanes4 = Add(lanes4, more + 3 * SuperSum.Lanes, scale, minimum, steps + 4 * stride);
            }
            output[row] = SuperSum.Of(lanes0);
            if (TRows.Count > 1)
                output[row + outputStride] = SuperSum.Of(lanes1);
            if (TRows.Count > 2)
                output[row + 2 * outputStride] = SuperSum.Of(lanes2);
            if (TRows.Count > 3)
                output[row + 3 * outputStride] = SuperSum.Of(lanes3);
            if (TRows.Count > 4)
                output[row + 4 * outputStride] = SuperSum.Of(lanes4);
        }
    }

    /// <summary>The product of a row of which one to three blocks are left, with one activation row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static float Finish(byte* block, sbyte* q, byte* activation, int columns, int count, Vector128<float> lanes)
    {
        int first = columns / Columns - count;
        short* sums16 = (short*)(activation + Int8SuperActivation.Sum16Offset(columns)) + 16 * first, sums32 = (short*)(activation + Int8SuperActivation.Sum32Offset(columns)) + 8 * first;
        Vector128<int> b = default, c = default, bo = default, co = default;
        int halfB = 0, halfC = 0;
        Vector128<int> a = Block<Count1>(block, q, sums16, sums32, 0, out Vector128<int> ao, null, out int halfA);
        if (count > 1)
            b = Block<Count1>(block + TBlock.Bytes, q + Columns, sums16 + 16, sums32 + 8, 0, out bo, null, out halfB);
        if (count > 2)
            c = Block<Count1>(block + 2 * TBlock.Bytes, q + 2 * Columns, sums16 + 32, sums32 + 16, 0, out co, null, out halfC);
        Vector128<int> half = Vector128.Create(halfA, halfB, halfC, 0);
        Vector128<float> scale = HalfFloat.ToSingle(TBlock.HasMinimums ? half : half >>> 16), minimum = TBlock.HasMinimums ? HalfFloat.ToSingle(half >>> 16) : default;
        byte* steps = activation + Int8SuperActivation.ScaleOffset(columns) + first * sizeof(float);
        return SuperSum.Of(Add(lanes, SuperSum.Of(a, b, c, default), SuperSum.Of(ao, bo, co, default), scale, minimum, steps));
    }

    /// <summary>Adds four blocks' integers times their scales.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Add(Vector128<float> lanes, Vector128<int> products, Vector128<int> offsets, Vector128<float> scale, Vector128<float> minimum, byte* steps)
    {
        Vector128<float> step = Vector128.Load((float*)steps);
        lanes = Fma.MultiplyAdd(Vector128.ConvertToSingle(products), scale * step, lanes);
        return TBlock.HasMinimums ? Fma.MultiplyAddNegated(Vector128.ConvertToSingle(offsets), minimum * step, lanes) : lanes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Add(Vector128<float> lanes, Vector128<int>* more, Vector128<float> scale, Vector128<float> minimum, byte* steps)
    {
        Vector128<int>* offsets = more + SuperBlockDot.MoreOffsets;
        return Add(lanes, SuperSum.Of(more[0], more[1], more[2], more[3]), TBlock.HasMinimums ? SuperSum.Of(offsets[0], offsets[1], offsets[2], offsets[3]) : default, scale, minimum, steps);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Block<TRows>(byte* block, sbyte* q, short* sums16, short* sums32, nint stride, out Vector128<int> offsets, Vector128<int>* more, out int halves)
        where TRows : struct, ICount
    {
        Ahead(block);
        // A scale without minimums stands at the block's end: the four bytes that are read end with it.
        halves = Unsafe.ReadUnaligned<int>(block + TBlock.Scale - (TBlock.HasMinimums ? 0 : 2));
        return SuperBlockDot.Avx2<TBlock, TRows>(block, q, sums16, sums32, stride, out offsets, more);
    }

    /// <summary>Asks for the lines of a block that comes later.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Ahead(byte* block)
    {
        Sse.Prefetch0(block + Prefetch.Distance);
        Sse.Prefetch0(block + Prefetch.Distance + 64);
        if (TBlock.Bytes > 128)
            Sse.Prefetch0(block + Prefetch.Distance + 128);
        if (TBlock.Bytes > 192)
            Sse.Prefetch0(block + Prefetch.Distance + 192);
    }
}
