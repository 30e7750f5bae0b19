using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.Blocks32;

internal readonly unsafe partial struct Q5_1
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Signed(byte* block, out Vector128<sbyte> low, out Vector128<sbyte> high)
    {
        Nibbles.Signed(block + 8, 0, out low, out high);
        Nibbles.FifthBits(block + 4, out Vector128<sbyte> fifthLow, out Vector128<sbyte> fifthHigh);
        low += fifthLow;
        high += fifthHigh;
    }
}
