using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Units;

internal static unsafe partial class UnitScales
{
    /// <summary>Eight times unit · (2n + 1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Odd(Vector256<int> n, float unit, float* scales) =>
        (Vector256.ConvertToSingle(n + n + Vector256<int>.One) * Vector256.Create(unit)).Store(scales);

    /// <summary>Eight nibbles, the lowest first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Nibbles(uint packed) =>
        X86.Avx2.ShiftRightLogicalVariable(Vector256.Create((int)packed), Vector256.Create(0u, 4, 8, 12, 16, 20, 24, 28)) & Vector256.Create(15);
}
