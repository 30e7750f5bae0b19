using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>
/// The order in which a row's super-blocks are added, whatever computes them: block i goes to lane i mod 4, each lane in the order of columns, by a fused
/// multiply-add of the block's integer with the product of both scales, then of its minimums; at the end (0 + 2) + (1 + 3).
/// </summary>
internal static class SuperSum
{
    /// <summary>The number of lanes.</summary>
    public const int Lanes = 4;

    /// <summary>The sums of four vectors' elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Of(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d)
    {
        Vector128<int> ab = Sse2.UnpackLow(a, b) + Sse2.UnpackHigh(a, b), cd = Sse2.UnpackLow(c, d) + Sse2.UnpackHigh(c, d);
        return Sse2.UnpackLow(ab.AsInt64(), cd.AsInt64()).AsInt32() + Sse2.UnpackHigh(ab.AsInt64(), cd.AsInt64()).AsInt32();
    }

    /// <summary>The sum of the lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of(Vector128<float> lanes)
    {
        Vector128<float> pairs = lanes + Sse.MoveHighToLow(lanes, lanes);
        return pairs.ToScalar() + pairs.GetElement(1);
    }

    /// <summary>The sum of 8 elements in 4 parts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Fold(Vector256<int> v) => v.GetLower() + v.GetUpper();
}
