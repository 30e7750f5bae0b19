using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.SuperBlocks;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Turned;

/// <summary>The integer scales and offsets of eight rows' super-blocks, a vector for each group or pair of groups.</summary>
/// <remarks>First 16 vectors of scales, each twice as shorts; then up to 8 of offsets, those of a pair of groups in each: the minimums, or what takes the zero point's share away.</remarks>
internal static unsafe class EightGroups
{
    /// <summary>Vectors of all.</summary>
    public const int Vectors = First + 8;

    private const int First = 16, Rows = 8;

    /// <summary>Reads a block of each row.</summary>
    /// <param name="block">The first row's.</param>
    /// <param name="rowBytes">Bytes from one row to the next.</param>
    /// <param name="scratch">Eight vectors, aligned.</param>
    /// <param name="to"><see cref="Vectors"/> vectors.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Read<TBlock>(byte* block, nint rowBytes, byte* scratch, Vector256<short>* to)
        where TBlock : struct, ISuperBlock
    {
        const int size = 32;
        Vector256<short>* minimums = (Vector256<short>*)(scratch + Rows * size);
        for (int row = 0; row < Rows; row++, block += rowBytes)
        {
            TBlock.Groups(block, out Vector128<sbyte> scale, out Vector128<byte> minimum);
            if (TBlock.Group == 32)
                Vector256.Create(Sse41.ConvertToVector128Int16(scale), Sse41.ConvertToVector128Int16(minimum)).StoreAligned((short*)(scratch + row * size));
            else
            {
                X86.Avx2.ConvertToVector256Int16(scale).StoreAligned((short*)(scratch + row * size));
                if (TBlock.HasMinimums)
                    minimums[row] = X86.Avx2.ConvertToVector256Int16(minimum);
            }
        }
        Turn.Eight(scratch, size, out Vector256<byte> a, out Vector256<byte> b, out Vector256<byte> c, out Vector256<byte> d, out Vector256<byte> e, out Vector256<byte> f, out Vector256<byte> g, out Vector256<byte> h);
        Twice(a, to);
        Twice(b, to + 2);
        Twice(c, to + 4);
        Twice(d, to + 6);
        Vector256<short>* offsets = to + First;
        if (TBlock.Group == 32)
        {
            (offsets[0], offsets[1], offsets[2], offsets[3]) = (e.AsInt16(), f.AsInt16(), g.AsInt16(), h.AsInt16());
            return;
        }
        Twice(e, to + 8);
        Twice(f, to + 10);
        Twice(g, to + 12);
        Twice(h, to + 14);
        if (TBlock.HasMinimums)
            Turn.Eight((byte*)minimums, size, out a, out b, out c, out d, out e, out f, out g, out h);
        offsets[0] = Offset<TBlock>(a);
        offsets[1] = Offset<TBlock>(b);
        offsets[2] = Offset<TBlock>(c);
        offsets[3] = Offset<TBlock>(d);
        offsets[4] = Offset<TBlock>(e);
        offsets[5] = Offset<TBlock>(f);
        offsets[6] = Offset<TBlock>(g);
        offsets[7] = Offset<TBlock>(h);
    }

    /// <summary>Σ offset · sum of a block of each row.</summary>
    /// <param name="groups">From <see cref="Read{TBlock}"/>.</param>
    /// <param name="pairs">The activations' sums of the groups, two shorts each.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Offsets<TBlock>(Vector256<short>* groups, byte* pairs)
        where TBlock : struct, ISuperBlock
    {
        groups += First;
        Vector256<int> low = Pair(groups, pairs, 0) + Pair(groups, pairs, 1) + (Pair(groups, pairs, 2) + Pair(groups, pairs, 3));
        return TBlock.Group == 32 ? low : low + (Pair(groups, pairs, 4) + Pair(groups, pairs, 5) + (Pair(groups, pairs, 6) + Pair(groups, pairs, 7)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Pair(Vector256<short>* offsets, byte* pairs, int i) => X86.Avx2.MultiplyAddAdjacent(Vector256.Create(((int*)pairs)[i]).AsInt16(), offsets[i]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Offset<TBlock>(Vector256<byte> pair)
        where TBlock : struct, ISuperBlock =>
        TBlock.HasMinimums ? pair.AsInt16() : -(pair.AsInt16() << TBlock.ZeroShift);

    /// <summary>The scales of two groups, each twice.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Twice(Vector256<byte> pair, Vector256<short>* to)
    {
        to[0] = X86.Avx2.Shuffle(pair, Vector256.Create(0x0504_0504_0100_0100ul, 0x0D0C_0D0C_0908_0908ul, 0x0504_0504_0100_0100ul, 0x0D0C_0D0C_0908_0908ul).AsByte()).AsInt16();
        to[1] = X86.Avx2.Shuffle(pair, Vector256.Create(0x0706_0706_0302_0302ul, 0x0F0E_0F0E_0B0A_0B0Aul, 0x0706_0706_0302_0302ul, 0x0F0E_0F0E_0B0A_0B0Aul).AsByte()).AsInt16();
    }
}
