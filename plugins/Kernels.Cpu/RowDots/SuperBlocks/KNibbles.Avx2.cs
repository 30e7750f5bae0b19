using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

internal static unsafe partial class KNibbles
{
    /// <summary>Of half of a block, 32 columns in each vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Half(byte* nibbles, int half, out Vector256<byte> w0, out Vector256<byte> w1, out Vector256<byte> w2, out Vector256<byte> w3)
    {
        Vector256<byte> nibble = Vector256.Create((byte)15), first = Vector256.Load(nibbles + 64 * half), second = Vector256.Load(nibbles + 64 * half + 32);
        w0 = first & nibble;
        w1 = (first.AsUInt16() >> 4).AsByte() & nibble;
        w2 = second & nibble;
        w3 = (second.AsUInt16() >> 4).AsByte() & nibble;
    }
}
