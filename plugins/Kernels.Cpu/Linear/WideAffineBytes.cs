using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Linear;

/// <summary>Products of unsigned bytes with signed ones, two groups in a vector; needs AVX-512.</summary>
internal unsafe interface IWideBytes : IAffineBytes
{
    /// <summary>The sums of two groups' products, each in eight parts.</summary>
    static abstract Vector512<int> Two(byte* values, sbyte* quants);
}

/// <summary><see cref="SmallBytes"/> with AVX-512, two groups in a vector.</summary>
internal readonly unsafe struct WideSmallBytes : IWideBytes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Products(byte* values, sbyte* quants) => SmallBytes.Products(values, quants);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Eight(byte* values, sbyte* quants) => WideGroups.Eight<WideSmallBytes>(values, quants);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Finish(Vector256<int> dots, int* negatedSums) => dots;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Two(byte* values, sbyte* quants) => WideGroups.Products(Vector512.Load(values), Vector512.Load(quants));
}

/// <summary><see cref="AllBytes"/> with AVX-512, two groups in a vector: the highest bit apart from the others, so that two products fit 16 bits.</summary>
internal readonly unsafe struct WideAllBytes : IWideBytes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Products(byte* values, sbyte* quants)
    {
        Vector512<int> two = WideGroups.Split(Vector256.Load(values).ToVector512(), Vector256.Load(quants).ToVector512());
        return two.GetLower();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Eight(byte* values, sbyte* quants) => WideGroups.Eight<WideAllBytes>(values, quants);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Finish(Vector256<int> dots, int* negatedSums) => dots;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Two(byte* values, sbyte* quants) => WideGroups.Split(Vector512.Load(values), Vector512.Load(quants));
}

/// <summary>What both have in common.</summary>
internal static unsafe class WideGroups
{
    /// <summary>The sums of eight groups' products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Eight<TBytes>(byte* values, sbyte* quants)
        where TBytes : struct, IWideBytes =>
        Sum(TBytes.Two(values, quants), TBytes.Two(values + 64, quants + 64), TBytes.Two(values + 128, quants + 128), TBytes.Two(values + 192, quants + 192));

    /// <summary>The sums of two groups' products, each in eight parts; of values up to 128.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Products(Vector512<byte> values, Vector512<sbyte> quants) =>
        Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(values, quants), Vector512.Create((short)1));

    /// <summary>As <see cref="Products"/> of all values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Split(Vector512<byte> values, Vector512<sbyte> quants)
    {
        Vector512<byte> highest = Vector512.Create((byte)0x80);
        return Products(Vector512.AndNot(values, highest), quants) + Products(values & highest, quants);
    }

    // The sums of the groups whose parts stand in the halves of four vectors, in their order.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Sum(Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d)
    {
        Vector512<long> ab = (Avx512F.UnpackLow(a, b) + Avx512F.UnpackHigh(a, b)).AsInt64(), cd = (Avx512F.UnpackLow(c, d) + Avx512F.UnpackHigh(c, d)).AsInt64();
        Vector512<int> sums = Avx512F.UnpackLow(ab, cd).AsInt32() + Avx512F.UnpackHigh(ab, cd).AsInt32();
        // Quarters: the first groups of all four vectors in two parts, then the second groups.
        Vector512<int> first = Vector512.Create(0, 8, 1, 9, 2, 10, 3, 11, 0, 0, 0, 0, 0, 0, 0, 0), second = Vector512.Create(4, 12, 5, 13, 6, 14, 7, 15, 0, 0, 0, 0, 0, 0, 0, 0);
        return (Avx512F.PermuteVar16x32(sums, first) + Avx512F.PermuteVar16x32(sums, second)).GetLower();
    }
}
