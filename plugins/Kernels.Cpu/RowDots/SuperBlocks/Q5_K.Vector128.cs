using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

internal readonly unsafe partial struct Q5_K
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Signed(byte* block, int part, out Vector128<sbyte> low, out Vector128<sbyte> high)
    {
        KNibbles.Part(block + Quants, part, out Vector128<byte> first, out Vector128<byte> second);
        Vector128<byte> one = Vector128<byte>.One;
        low = (first | (Vector128.Load(block + Fifth) >>> part & one) << 4).AsSByte();
        high = (second | (Vector128.Load(block + Fifth + 16) >>> part & one) << 4).AsSByte();
    }
}
