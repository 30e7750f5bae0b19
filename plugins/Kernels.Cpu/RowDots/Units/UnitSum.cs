using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using X86 = System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Blocks32;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>
/// How the groups of a row of units are added, whatever computes them: to <see cref="GroupSum"/>'s lanes, by a fused multiply-add of the weights' scale with the group's integer times the activations' scale,
/// as the product of both scales might be subnormal. Where 16 columns share a scale, the first half of a group comes first and then the second.
/// </summary>
internal static class UnitSum
{
    /// <summary>Adds eight integers times their scales.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> lanes, Vector256<int> dots, Vector256<float> step, Vector256<float> scale) =>
        Fma.MultiplyAdd(Vector256.ConvertToSingle(dots) * step, scale, lanes);

    /// <summary>Sixteen scales by turns, to those of the first halves and of the second.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Part(ref Vector256<float> low, ref Vector256<float> high)
    {
        // 0 1 4 5 | 2 3 6 7 of the groups, then in order.
        Vector256<double> even = Avx.Shuffle(low, high, 0b10_00_10_00).AsDouble(), odd = Avx.Shuffle(low, high, 0b11_01_11_01).AsDouble();
        low = X86.Avx2.Permute4x64(even, 0b11_01_10_00).AsSingle();
        high = X86.Avx2.Permute4x64(odd, 0b11_01_10_00).AsSingle();
    }
}
