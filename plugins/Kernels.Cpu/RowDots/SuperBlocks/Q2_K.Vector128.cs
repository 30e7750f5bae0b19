using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

internal readonly unsafe partial struct Q2_K
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Signed(byte* block, int part, out Vector128<sbyte> low, out Vector128<sbyte> high)
    {
        byte* quants = block + Quants + part / 4 * 32;
        int shift = part % 4 * 2;
        low = (Vector128.Load(quants) >>> shift & Vector128.Create((byte)3)).AsSByte();
        high = (Vector128.Load(quants + 16) >>> shift & Vector128.Create((byte)3)).AsSByte();
    }
}
