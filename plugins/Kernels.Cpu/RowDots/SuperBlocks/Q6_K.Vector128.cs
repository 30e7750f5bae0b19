using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

internal readonly unsafe partial struct Q6_K
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Signed(byte* block, int part, out Vector128<sbyte> low, out Vector128<sbyte> high)
    {
        byte* nibbles = block + part / 4 * 64 + part % 2 * 32, top = block + Top + part / 4 * 32;
        low = Sixteen(nibbles, top, part % 4);
        high = Sixteen(nibbles + 16, top + 16, part % 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> Sixteen(byte* nibbles, byte* top, int quarter)
    {
        Vector128<byte> low = Vector128.Load(nibbles) >>> quarter / 2 * 4 & Vector128.Create((byte)15);
        Vector128<byte> two = Vector128.Load(top) >>> quarter * 2 & Vector128.Create((byte)3);
        return (low | two << 4).AsSByte() - Vector128.Create((sbyte)(1 << ZeroShift));
    }
}
