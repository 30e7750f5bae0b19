using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

internal static unsafe partial class KNibbles
{
    /// <summary>Of 32 columns, 16 in each vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Part(byte* nibbles, int part, out Vector128<byte> low, out Vector128<byte> high)
    {
        nibbles += part / 2 * 32;
        int shift = part % 2 * 4;
        low = Vector128.Load(nibbles) >>> shift & Vector128.Create((byte)15);
        high = Vector128.Load(nibbles + 16) >>> shift & Vector128.Create((byte)15);
    }
}
