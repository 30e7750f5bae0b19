using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

internal readonly unsafe partial struct Q4_K
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Signed(byte* block, int part, out Vector128<sbyte> low, out Vector128<sbyte> high)
    {
        KNibbles.Part(block + Quants, part, out Vector128<byte> first, out Vector128<byte> second);
        low = first.AsSByte();
        high = second.AsSByte();
    }
}
