using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Tessera.Kernels.Cpu.RowDots.Numerics;

/// <summary>Products of signed bytes with vectors of 128 bits, which every processor of the last decades has; with Arm's dot product where that is there.</summary>
internal static class SignedDot
{
    /// <summary>Adds sixteen products to four sums, in parts of whatever order: their total is what counts.</summary>
    /// <param name="sum">The sums.</param>
    /// <param name="weights">Any bytes.</param>
    /// <param name="activations">Within ±127: two products fit 16 bits.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add(Vector128<int> sum, Vector128<sbyte> weights, Vector128<sbyte> activations)
    {
        if (Dp.IsSupported)
            return Dp.DotProduct(sum, weights, activations);
        Vector128<short> pairs = Vector128.WidenLower(weights) * Vector128.WidenLower(activations) + Vector128.WidenUpper(weights) * Vector128.WidenUpper(activations);
        return sum + Vector128.WidenLower(pairs) + Vector128.WidenUpper(pairs);
    }
}
