using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Numerics;
using Tessera.Kernels.Cpu.RowDots.SuperBlocks;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Turned;

/// <summary>Eight rows of super-blocks: one block of each at a time, 32 columns of it in registers.</summary>
internal readonly unsafe struct EightSuperBlocks<TBlock> : IEightRows
    where TBlock : struct, ISuperBlock
{
    private const int Columns = Int8SuperActivation.Block, Rows = EightRows.Rows, Most = EightRows.Most, Alignment = 64;

    // Columns that are in registers at once, and how many of these there are in half a block.
    private const int Part = 32, Parts = Columns / 2 / Part;

    // Blocks of each row that are asked for ahead.
    private const int Ahead = 4;

    public static int Least => TBlock.NibblesAt > 0 ? 2 : TBlock.Group == 32 ? 5 : 6;

    // What is read of the stack's memory is written before.
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public static void Multiply(byte* weights, nint rowBytes, int columns, byte* activations, nint stride, int count, float* output, nint outputStride)
    {
        byte* room = stackalloc byte[sizeof(Vector256<byte>) * (Parts * Rows + EightGroups.Vectors + (SuperSum.Lanes + 1) * Most) + Alignment];
        byte* half = (byte*)((nint)(room + Alignment - 1) & -Alignment);
        Vector256<short>* groups = (Vector256<short>*)(half + sizeof(Vector256<byte>) * Parts * Rows);
        Vector256<int>* products = (Vector256<int>*)(groups + EightGroups.Vectors);
        Vector256<float>* lanes = (Vector256<float>*)(products + Most);
        new Span<Vector256<float>>(lanes, SuperSum.Lanes * count).Clear();
        int blocks = columns / Columns;
        nint pairs = TBlock.Group == 32 ? Int8SuperActivation.Sum32Offset(columns) : Int8SuperActivation.Sum16Offset(columns), step = Int8SuperActivation.ScaleOffset(columns);
        nint further = Rows * rowBytes - (nint)blocks * TBlock.Bytes;
        byte* block = weights, x = activations;
        for (int i = 0; i < blocks; i++, block += TBlock.Bytes, pairs += Columns / TBlock.Group * sizeof(short), step += sizeof(float))
        {
            AskAhead(block + (i + Ahead < blocks ? 0 : further), rowBytes);
            EightGroups.Read<TBlock>(block, rowBytes, half, groups);
            for (int row = 0; row < count; row++)
                products[row] = TBlock.HasMinimums ? default : EightGroups.Offsets<TBlock>(groups, activations + row * stride + pairs);
            Vector256<short>* scale = groups;
            for (int part = 0; part < 2 * Parts; part++, x += Part, scale += Part / TBlock.Group)
            {
                if (part % Parts == 0)
                    Unpack(block, rowBytes, part / Parts, half);
                Turned(half, part % Parts, out Vector256<byte> w0, out Vector256<byte> w1, out Vector256<byte> w2, out Vector256<byte> w3, out Vector256<byte> w4, out Vector256<byte> w5, out Vector256<byte> w6, out Vector256<byte> w7);
                Vector256<short> first = scale[0], second = TBlock.Group == 32 ? first : scale[1];
                byte* q = x;
                Vector256<int>* to = products;
                for (Vector256<int>* end = to + count; to < end; to++, q += stride)
                {
                    Vector256<short> a = Pairs(w0, q) + Pairs(w1, q + 4), b = Pairs(w2, q + 8) + Pairs(w3, q + 12), c = Pairs(w4, q + 16) + Pairs(w5, q + 20), d = Pairs(w6, q + 24) + Pairs(w7, q + 28);
                    // As many as 16 bits hold the sum of are added before the scale.
                    if (TBlock.Run >= 8)
                        *to += X86.Avx2.MultiplyAddAdjacent(a + b + (c + d), first);
                    else if (TBlock.Run >= 4)
                        *to += X86.Avx2.MultiplyAddAdjacent(a + b, first) + X86.Avx2.MultiplyAddAdjacent(c + d, second);
                    else
                        *to += X86.Avx2.MultiplyAddAdjacent(a, first) + X86.Avx2.MultiplyAddAdjacent(b, first) + (X86.Avx2.MultiplyAddAdjacent(c, second) + X86.Avx2.MultiplyAddAdjacent(d, second));
                }
            }
            // A scale without minimums stands at the block's end: the four bytes that are read end with it.
            Vector256<int> halves = Turn.One(block + TBlock.Scale - (TBlock.HasMinimums ? 0 : 2), rowBytes);
            Vector256<float> multiple = HalfFloat.ToSingle(TBlock.HasMinimums ? halves : halves >>> 16), minimum = TBlock.HasMinimums ? HalfFloat.ToSingle(halves >>> 16) : default;
            Vector256<float>* lane = lanes + i % SuperSum.Lanes * count;
            byte* activation = activations;
            for (int row = 0; row < count; row++, lane++, activation += stride)
            {
                Vector256<float> steps = Vector256.Create(*(float*)(activation + step)), sum = Fma.MultiplyAdd(Vector256.ConvertToSingle(products[row]), multiple * steps, *lane);
                *lane = TBlock.HasMinimums ? Fma.MultiplyAddNegated(Vector256.ConvertToSingle(EightGroups.Offsets<TBlock>(groups, activation + pairs)), minimum * steps, sum) : sum;
            }
        }
        for (int row = 0; row < count; row++, lanes++, output += outputStride)
            (lanes[0] + lanes[2 * count] + (lanes[count] + lanes[3 * count])).Store(output);
    }

    /// <summary>Half a block of each row: where nibbles are all there is, turned before they are taken apart, which halves the work; else row by row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Unpack(byte* block, nint rowBytes, int half, byte* to)
    {
        if (TBlock.NibblesAt > 0)
        {
            block += TBlock.NibblesAt + 64 * half;
            for (int part = 0; part < Parts; part += 2, block += Part, to += 2 * Rows * Part)
            {
                Turn.Eight(block, rowBytes, out Vector256<byte> w0, out Vector256<byte> w1, out Vector256<byte> w2, out Vector256<byte> w3, out Vector256<byte> w4, out Vector256<byte> w5, out Vector256<byte> w6, out Vector256<byte> w7);
                Apart(w0, to);
                Apart(w1, to + Part);
                Apart(w2, to + 2 * Part);
                Apart(w3, to + 3 * Part);
                Apart(w4, to + 4 * Part);
                Apart(w5, to + 5 * Part);
                Apart(w6, to + 6 * Part);
                Apart(w7, to + 7 * Part);
            }
            return;
        }
        for (int row = 0; row < Rows; row++, block += rowBytes, to += Part)
        {
            TBlock.Weights(block, half, out Vector256<byte> w0, out Vector256<byte> w1, out Vector256<byte> w2, out Vector256<byte> w3);
            w0.StoreAligned(to);
            w1.StoreAligned(to + Rows * Part);
            w2.StoreAligned(to + 2 * Rows * Part);
            w3.StoreAligned(to + 3 * Rows * Part);
        }
    }

    /// <summary>The low nibbles and, in the next part, the high ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Apart(Vector256<byte> nibbles, byte* to)
    {
        Vector256<byte> nibble = Vector256.Create((byte)15);
        (nibbles & nibble).StoreAligned(to);
        ((nibbles.AsUInt16() >> 4).AsByte() & nibble).StoreAligned(to + Rows * Part);
    }

    /// <summary>32 columns of each row: the first vector holds four of all rows, and so on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turned(
        byte* half,
        int part,
        out Vector256<byte> w0,
        out Vector256<byte> w1,
        out Vector256<byte> w2,
        out Vector256<byte> w3,
        out Vector256<byte> w4,
        out Vector256<byte> w5,
        out Vector256<byte> w6,
        out Vector256<byte> w7)
    {
        half += part * Rows * Part;
        if (TBlock.NibblesAt > 0)
        {
            w0 = Vector256.LoadAligned(half);
            w1 = Vector256.LoadAligned(half + Part);
            w2 = Vector256.LoadAligned(half + 2 * Part);
            w3 = Vector256.LoadAligned(half + 3 * Part);
            w4 = Vector256.LoadAligned(half + 4 * Part);
            w5 = Vector256.LoadAligned(half + 5 * Part);
            w6 = Vector256.LoadAligned(half + 6 * Part);
            w7 = Vector256.LoadAligned(half + 7 * Part);
        }
        else
            Turn.Eight(half, Part, out w0, out w1, out w2, out w3, out w4, out w5, out w6, out w7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AskAhead(byte* block, nint rowBytes)
    {
        block += Ahead * TBlock.Bytes;
        for (int row = 0; row < Rows; row++, block += rowBytes)
            for (int line = 0; line < TBlock.Bytes; line += 64)
                Sse.Prefetch0(block + line);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pairs(Vector256<byte> weights, byte* q) => X86.Avx2.MultiplyAddAdjacent(weights, Vector256.Create(*(int*)q).AsSByte());
}
