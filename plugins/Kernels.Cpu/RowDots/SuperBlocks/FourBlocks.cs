using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>Four super-blocks that follow each other in vectors of 512 bits, and the matrices of bits that take their weights apart.</summary>
/// <remarks>Constants of 512 bits are written as numbers of 64: those made of smaller vectors are put together anew in every turn of a loop.</remarks>
internal static unsafe class FourBlocks
{
    /// <summary>The matrix of the low nibble; shifted left by some bits, matrices take as many higher ones.</summary>
    public const ulong LowNibble = 0x0102040800000000;

    /// <summary>The matrix of the high nibble.</summary>
    public const ulong HighNibble = LowNibble << 4;

    /// <summary>The matrix of the two lowest bits.</summary>
    public const ulong TwoBits = 0x0102000000000000;

    /// <summary>Sixteen bytes of each block, the first of them at <paramref name="block"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Sixteens(byte* block, int bytes)
    {
        Vector512<int> four = Vector128.Load((int*)block).ToVector256Unsafe().ToVector512Unsafe();
        four = Avx512F.InsertVector128(four, Vector128.Load((int*)(block + bytes)), 1);
        four = Avx512F.InsertVector128(four, Vector128.Load((int*)(block + 2 * bytes)), 2);
        return Avx512F.InsertVector128(four, Vector128.Load((int*)(block + 3 * bytes)), 3);
    }

    /// <summary>Four bytes of each block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Fours(byte* block, int bytes) =>
        Vector128.Create(
            Unsafe.ReadUnaligned<int>(block),
            Unsafe.ReadUnaligned<int>(block + bytes),
            Unsafe.ReadUnaligned<int>(block + 2 * bytes),
            Unsafe.ReadUnaligned<int>(block + 3 * bytes));

    /// <summary>The first number of each quarter.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Firsts(Vector512<int> v) => Avx512F.PermuteVar16x32(v, Vector512.Create(0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12)).GetLower().GetLower();

    /// <summary>The last number of each quarter.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Lasts(Vector512<int> v) => Avx512F.PermuteVar16x32(v, Vector512.Create(3, 7, 11, 15, 3, 7, 11, 15, 3, 7, 11, 15, 3, 7, 11, 15)).GetLower().GetLower();

    /// <summary>One block's sixteen bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Quarter(Vector512<byte> four, int index) => index switch
    {
        0 => four.GetLower().GetLower(),
        1 => Avx512F.ExtractVector128(four, 1),
        2 => Avx512F.ExtractVector128(four, 2),
        _ => Avx512F.ExtractVector128(four, 3),
    };

    /// <summary>32 bytes in both halves of a vector, each half's bytes multiplied by its own matrix of bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Twice(byte* bytes, ulong lower, ulong upper) =>
        Gfni.V512.GaloisFieldAffineTransform(Avx512DQ.BroadcastVector256ToVector512((int*)bytes).AsByte(), Vector512.Create(lower, lower, lower, lower, upper, upper, upper, upper).AsByte(), 0);
}
