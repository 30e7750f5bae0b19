using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>Rows of Q4_K with one activation row in vectors of 512 bits, four blocks at a time; whatever else is asked for is <see cref="SuperBlockTile{TBlock}"/>'s.</summary>
internal readonly unsafe struct SuperBlockTile512 : IRowTile
{
    private const int Columns = Int8SuperActivation.Block, Together = SuperSum.Lanes;

    // A 16-bit number in every place of 64 bits.
    private const ulong Shorts = 0x0001000100010001;

    // Switches of the runtime may take away what a processor with AVX-512 and the VEX form of VNNI has.
    private static bool IsSupported => Avx512F.IsSupported && Avx512BW.IsSupported && Avx512DQ.IsSupported && Avx512Vbmi.IsSupported && Gfni.V512.IsSupported;

    public static int MostRows => SuperBlockTile<Q4_K>.MostRows;

    public static void Multiply<TRows>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activations, nint stride, float* output, nint outputStride)
        where TRows : struct, IRowCount
    {
        if (IsSupported && TRows.Count == 1 && columns % (Together * Columns) == 0)
            One(weights, rowBytes, rowCount, columns, activations, output);
        else
            SuperBlockTile<Q4_K>.Multiply<TRows>(weights, rowBytes, rowCount, columns, activations, stride, output, outputStride);
    }

    // Constants are written as numbers of 64 bits: those made of smaller vectors are put together anew in every turn of the loop.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(byte* weights, nint rowBytes, int rowCount, int columns, byte* activation, float* output)
    {
        byte* sums32 = activation + Int8SuperActivation.Sum32Offset(columns), scales = activation + Int8SuperActivation.ScaleOffset(columns);
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* block = weights, sums = sums32, steps = scales;
            sbyte* q = (sbyte*)activation;
            Vector128<float> lanes = default;
            for (int left = columns / (Together * Columns); left > 0; left--)
            {
                Ahead(block);
                Vector512<int> heads = Heads(block);
                Vector512<byte> groups = KScales.Four(heads.AsByte());
                Vector512<short> group = Avx512BW.UnpackLow(groups, Vector512<byte>.Zero).AsInt16(), minimum = Avx512BW.UnpackHigh(groups, Vector512<byte>.Zero).AsInt16();
                // Fours of a block lie in a quarter of the vector.
                Vector512<int> offsets = Avx512BW.MultiplyAddAdjacent(minimum, Vector512.Load((short*)sums));
                offsets += Avx512F.Shuffle(offsets, 0b10_11_00_01);
                offsets += Avx512F.Shuffle(offsets, 0b01_00_11_10);
                Vector512<int> a = Block(block, q, group, 0), b = Block(block + Q4_K.Bytes, q + Columns, group, 8);
                Vector512<int> c = Block(block + 2 * Q4_K.Bytes, q + 2 * Columns, group, 16), d = Block(block + 3 * Q4_K.Bytes, q + 3 * Columns, group, 24);
                Vector512<int> ab = Avx512F.UnpackLow(a, b) + Avx512F.UnpackHigh(a, b), cd = Avx512F.UnpackLow(c, d) + Avx512F.UnpackHigh(c, d);
                Vector512<int> products = Avx512F.UnpackLow(ab.AsInt64(), cd.AsInt64()).AsInt32() + Avx512F.UnpackHigh(ab.AsInt64(), cd.AsInt64()).AsInt32();
                Vector128<int> halves = Firsts(heads);
                Vector128<float> step = Vector128.Load((float*)steps);
                lanes = Fma.MultiplyAdd(Vector128.ConvertToSingle(SuperSum.Fold(products.GetLower() + products.GetUpper())), HalfFloat.ToSingle(halves) * step, lanes);
                lanes = Fma.MultiplyAddNegated(Vector128.ConvertToSingle(Firsts(offsets)), HalfFloat.ToSingle(halves >>> 16) * step, lanes);
                block += Together * Q4_K.Bytes;
                q += Together * Columns;
                sums += sizeof(Vector512<short>);
                steps += sizeof(Vector128<float>);
            }
            output[row] = SuperSum.Of(lanes);
        }
    }

    /// <summary>What stands before the nibbles of four blocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Heads(byte* block)
    {
        Vector512<int> heads = Vector128.Load((int*)block).ToVector256Unsafe().ToVector512Unsafe();
        heads = Avx512F.InsertVector128(heads, Vector128.Load((int*)(block + Q4_K.Bytes)), 1);
        heads = Avx512F.InsertVector128(heads, Vector128.Load((int*)(block + 2 * Q4_K.Bytes)), 2);
        return Avx512F.InsertVector128(heads, Vector128.Load((int*)(block + 3 * Q4_K.Bytes)), 3);
    }

    /// <summary>The first number of each quarter.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Firsts(Vector512<int> v) => Avx512F.PermuteVar16x32(v, Vector512.Create(0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12)).GetLower().GetLower();

    /// <summary>A block's Σ scale · dot in sixteen parts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Block(byte* block, sbyte* q, Vector512<short> groups, int first) =>
        Add(block, 0, q, groups, first) + Add(block, 1, q, groups, first) + (Add(block, 2, q, groups, first) + Add(block, 3, q, groups, first));

    /// <summary>Two groups' scale · dot.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Add(byte* block, int pair, sbyte* q, Vector512<short> groups, int first)
    {
        ulong one = (ulong)(first + 2 * pair) * Shorts, next = one + Shorts;
        Vector512<short> scales = Avx512BW.PermuteVar32x16(groups, Vector512.Create(one, one, one, one, next, next, next, next).AsInt16());
        return Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(Q4_K.Weights(block, pair), Vector512.Load(q + 64 * pair)), scales);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Ahead(byte* block)
    {
        block += Prefetch.Distance;
        Sse.Prefetch0(block);
        Sse.Prefetch0(block + 64);
        Sse.Prefetch0(block + 128);
        Sse.Prefetch0(block + 192);
        Sse.Prefetch0(block + 256);
        Sse.Prefetch0(block + 320);
        Sse.Prefetch0(block + 384);
        Sse.Prefetch0(block + 448);
        Sse.Prefetch0(block + 512);
    }
}
