using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Blocks32;

/// <summary>
/// The order in which a row's groups of 32 are added, whatever computes them: group i goes to lane i mod 8, each lane in the order of columns, by a fused
/// multiply-add of the group's integer with the product of both scales, then of its minimum with the activations' sum; at the end
/// ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)).
/// </summary>
internal static class GroupSum
{
    /// <summary>The number of lanes.</summary>
    public const int Lanes = 8;

    /// <summary>The sums of eight vectors' elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Of(
        Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d, Vector256<int> e, Vector256<int> f, Vector256<int> g, Vector256<int> h)
    {
        Halves(a, b, c, d, e, f, g, h, out Vector256<int> low, out Vector256<int> high);
        return low + high;
    }

    /// <summary>The sums of eight vectors' first four elements, and of their last four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Halves(
        Vector256<int> a,
        Vector256<int> b,
        Vector256<int> c,
        Vector256<int> d,
        Vector256<int> e,
        Vector256<int> f,
        Vector256<int> g,
        Vector256<int> h,
        out Vector256<int> low,
        out Vector256<int> high)
    {
        // a b c d stand in each half of 128 bits of the first, e f g h of the second.
        Vector256<int> first = Four(a, b, c, d), second = Four(e, f, g, h);
        low = X86.Avx2.Permute2x128(first, second, 0x20);
        high = X86.Avx2.Permute2x128(first, second, 0x31);
    }

    /// <summary>The sum of the lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of(Vector256<float> lanes)
    {
        Vector128<float> four = lanes.GetLower() + lanes.GetUpper();
        Vector128<float> two = four + X86.Sse.MoveHighToLow(four, four);
        return two.ToScalar() + two.GetElement(1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Four(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d)
    {
        Vector256<long> ab = (X86.Avx2.UnpackLow(a, b) + X86.Avx2.UnpackHigh(a, b)).AsInt64(), cd = (X86.Avx2.UnpackLow(c, d) + X86.Avx2.UnpackHigh(c, d)).AsInt64();
        return X86.Avx2.UnpackLow(ab, cd).AsInt32() + X86.Avx2.UnpackHigh(ab, cd).AsInt32();
    }
}
