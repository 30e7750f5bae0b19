using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>Rows of super-blocks with one activation row in vectors of 512 bits, four blocks at a time (<see cref="CpuIsa.Avx512Vbmi"/>); whatever else is asked for is <see cref="SuperBlockTile{TBlock}"/>'s.</summary>
internal readonly unsafe struct SuperBlockTile512<TBlock> : IRowTile
    where TBlock : struct, ISuperBlock
{
    private const int Columns = Int8SuperActivation.Block, Together = SuperSum.Lanes;

    // A 16-bit number in every place of 64 bits.
    private const ulong Shorts = 0x0001000100010001;

    public static int MostRows => SuperBlockTile<TBlock>.MostRows;

    public static void Multiply<TRows>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activations, nint stride, float* output, nint outputStride)
        where TRows : struct, ICount
    {
        if (TRows.Count == 1 && columns >= Together * Columns)
            One(weights, rowBytes, rowCount, columns, activations, output);
        else
            SuperBlockTile<TBlock>.Multiply<TRows>(weights, rowBytes, rowCount, columns, activations, stride, output, outputStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(byte* weights, nint rowBytes, int rowCount, int columns, byte* activation, float* output)
    {
        byte* firstSums = activation + (TBlock.Group == 32 ? Int8SuperActivation.Sum32Offset(columns) : Int8SuperActivation.Sum16Offset(columns));
        byte* firstStep = activation + Int8SuperActivation.ScaleOffset(columns);
        int fours = columns / (Together * Columns), rest = columns / Columns % Together;
        // Read once: the compiler takes only so many calls into a method, and the last would stay calls.
        int bytes = TBlock.Bytes, sumBytes = Columns / TBlock.Group * sizeof(short);
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* block = weights, sums = firstSums, steps = firstStep;
            sbyte* q = (sbyte*)activation;
            Vector128<float> lanes = default;
            for (int left = fours; left > 0; left--)
            {
                Vector512<byte> scales = TBlock.Four(block, out Vector512<byte> minimums, out Vector128<int> halves);
                Vector512<int> a = Block(block, q, sums, scales, 0), b = Block(block + bytes, q + Columns, sums + sumBytes, scales, 1);
                Vector512<int> c = Block(block + 2 * bytes, q + 2 * Columns, sums + 2 * sumBytes, scales, 2), d = Block(block + 3 * bytes, q + 3 * Columns, sums + 3 * sumBytes, scales, 3);
                Vector512<int> ab = Avx512F.UnpackLow(a, b) + Avx512F.UnpackHigh(a, b), cd = Avx512F.UnpackLow(c, d) + Avx512F.UnpackHigh(c, d);
                Vector512<int> products = Avx512F.UnpackLow(ab.AsInt64(), cd.AsInt64()).AsInt32() + Avx512F.UnpackHigh(ab.AsInt64(), cd.AsInt64()).AsInt32();
                Vector128<float> step = Vector128.Load((float*)steps), scale = HalfFloat.ToSingle(TBlock.HasMinimums ? halves : halves >>> 16);
                lanes = Fma.MultiplyAdd(Vector128.ConvertToSingle(SuperSum.Fold(products.GetLower() + products.GetUpper())), scale * step, lanes);
                if (TBlock.HasMinimums)
                    lanes = Fma.MultiplyAddNegated(Vector128.ConvertToSingle(Offsets(minimums, sums)), HalfFloat.ToSingle(halves >>> 16) * step, lanes);
                block += Together * bytes;
                q += Together * Columns;
                sums += Together * sumBytes;
                steps += sizeof(Vector128<float>);
            }
            output[row] = rest > 0 ? SuperBlockTile<TBlock>.Finish(block, q, activation, columns, rest, lanes) : SuperSum.Of(lanes);
        }
    }

    /// <summary>A block's Σ scale · dot in sixteen parts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Block(byte* block, sbyte* q, byte* sums, Vector512<byte> four, int index)
    {
        SuperBlockTile<TBlock>.Ahead(block);
        Vector512<byte> scales = TBlock.Scales(block, four, index);
        Vector512<int> sum = Add(block, 0, q, scales) + Add(block, 1, q, scales) + (Add(block, 2, q, scales) + Add(block, 3, q, scales));
        if (TBlock.ZeroShift > 0)
            sum -= Avx2.ShiftLeftLogicalVariable(Avx2.MultiplyAddAdjacent(scales.GetLower().AsInt16(), Vector256.Load((short*)sums)), Vector256.Create((uint)TBlock.ZeroShift)).ToVector512();
        return sum;
    }

    /// <summary>64 columns' scale · dot.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Add(byte* block, int part, sbyte* q, Vector512<byte> scales)
    {
        int first = 64 / TBlock.Group * part;
        ulong a = Pick(first), b = Pick(first + (TBlock.Group == 32 ? 0 : 1)), c = Pick(first + (TBlock.Group == 32 ? 1 : 2)), d = Pick(first + (TBlock.Group == 32 ? 1 : 3));
        Vector512<short> scale = Avx512Vbmi.PermuteVar64x8(scales, Vector512.Create(a, a, b, b, c, c, d, d).AsByte()).AsInt16();
        return Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(TBlock.Weights(block, part), Vector512.Load(q + 64 * part)), scale);
    }

    /// <summary>Where a group's scale stands, for four 16-bit numbers: a byte and the zero at 16, or both bytes of a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Pick(int group) => (TBlock.HasMinimums ? 0x1000 + (ulong)group : 0x0100 + 0x0202 * (ulong)group) * Shorts;

    /// <summary>Four blocks' Σ minimum · sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Offsets(Vector512<byte> minimums, byte* sums)
    {
        Vector512<short> upper = Avx512BW.UnpackHigh(minimums, Vector512<byte>.Zero).AsInt16(), first = Vector512.Load((short*)sums);
        Vector512<int> offsets;
        if (TBlock.Group == 32)
            offsets = Avx512BW.MultiplyAddAdjacent(upper, first);
        else
        {
            // The first and the second eight sums of each block, which follow each other.
            Vector512<long> second = Vector512.Load((long*)(sums + sizeof(Vector512<short>)));
            Vector512<short> lower = Avx512BW.UnpackLow(minimums, Vector512<byte>.Zero).AsInt16();
            offsets = Avx512BW.MultiplyAddAdjacent(lower, Avx512F.Shuffle4x128(first.AsInt64(), second, 0b10_00_10_00).AsInt16())
                + Avx512BW.MultiplyAddAdjacent(upper, Avx512F.Shuffle4x128(first.AsInt64(), second, 0b11_01_11_01).AsInt16());
        }
        offsets += Avx512F.Shuffle(offsets, 0b10_11_00_01);
        offsets += Avx512F.Shuffle(offsets, 0b01_00_11_10);
        return FourBlocks.Firsts(offsets);
    }
}
