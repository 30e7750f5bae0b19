using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots.Blocks32;
using Tessera.Kernels.Cpu.RowDots.Numerics;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Linear;

/// <summary>Products of 32 unsigned bytes with signed ones, with AVX2; a type argument, so that the calls vanish.</summary>
internal unsafe interface IAffineBytes
{
    /// <summary>The sum of 32 products in eight parts.</summary>
    static abstract Vector256<int> Products(byte* values, sbyte* quants);

    /// <summary>The sums of eight groups' products.</summary>
    static abstract Vector256<int> Eight(byte* values, sbyte* quants);

    /// <summary>What completes eight groups' sums.</summary>
    /// <param name="dots">The sums.</param>
    /// <param name="negatedSums">The negated sums of the signed bytes.</param>
    static abstract Vector256<int> Finish(Vector256<int> dots, int* negatedSums);
}

/// <summary>Values up to 127: two products fit 16 bits.</summary>
internal readonly unsafe struct SmallBytes : IAffineBytes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Products(byte* values, sbyte* quants) => PairDot.Add(Vector256<int>.Zero, Vector256.Load(values), Vector256.Load(quants));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Eight(byte* values, sbyte* quants) => AffineGroups.Eight<SmallBytes>(values, quants);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Finish(Vector256<int> dots, int* negatedSums) => dots;
}

/// <summary>All values: as 128 plus a signed byte, which gives its sign to the other, never -128; the 128 are added at last.</summary>
internal readonly unsafe struct AllBytes : IAffineBytes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Products(byte* values, sbyte* quants)
    {
        Vector256<sbyte> signed = (Vector256.Load(values) ^ Vector256.Create((byte)0x80)).AsSByte();
        return PairDot.Add(Vector256<int>.Zero, X86.Avx2.Abs(signed), X86.Avx2.Sign(Vector256.Load(quants), signed));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Eight(byte* values, sbyte* quants) => AffineGroups.Eight<AllBytes>(values, quants);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Finish(Vector256<int> dots, int* negatedSums) => dots - (Vector256.Load(negatedSums) << 7);
}

/// <summary>What both have in common.</summary>
internal static unsafe class AffineGroups
{
    /// <summary>The sums of eight groups' products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Eight<TBytes>(byte* values, sbyte* quants)
        where TBytes : struct, IAffineBytes => GroupSum.Of(
        TBytes.Products(values, quants), TBytes.Products(values + 32, quants + 32), TBytes.Products(values + 64, quants + 64), TBytes.Products(values + 96, quants + 96),
        TBytes.Products(values + 128, quants + 128), TBytes.Products(values + 160, quants + 160), TBytes.Products(values + 192, quants + 192), TBytes.Products(values + 224, quants + 224));
}
