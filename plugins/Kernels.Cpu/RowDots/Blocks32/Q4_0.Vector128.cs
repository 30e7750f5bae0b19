using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.Blocks32;

internal readonly unsafe partial struct Q4_0
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Signed(byte* block, out Vector128<sbyte> low, out Vector128<sbyte> high) => Nibbles.Signed(block + 2, 8, out low, out high);
}
