using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

internal readonly unsafe partial struct Q3_K
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Signed(byte* block, int part, out Vector128<sbyte> low, out Vector128<sbyte> high)
    {
        byte* quants = block + Quants + part / 4 * 32;
        low = Sixteen(quants, block, part);
        high = Sixteen(quants + 16, block + 16, part);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> Sixteen(byte* quants, byte* top, int part)
    {
        Vector128<byte> low = Vector128.Load(quants) >>> part % 4 * 2 & Vector128.Create((byte)3);
        Vector128<byte> bit = Vector128.Load(top) >>> part & Vector128<byte>.One;
        return (low | bit << 2).AsSByte() - Vector128.Create((sbyte)(1 << ZeroShift));
    }
}
