using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

internal readonly unsafe partial struct Q6_K
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Groups(byte* block, out Vector128<sbyte> scales, out Vector128<byte> minimums)
    {
        scales = Vector128.Load((sbyte*)block + GroupScales);
        minimums = default;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Weights(byte* block, int half, out Vector256<byte> w0, out Vector256<byte> w1, out Vector256<byte> w2, out Vector256<byte> w3)
    {
        Vector256<byte> nibble = Vector256.Create((byte)15), two = Vector256.Create((byte)0x30);
        Vector256<byte> a = Vector256.Load(block + 64 * half), b = Vector256.Load(block + 64 * half + 32), top = Vector256.Load(block + Top + 32 * half);
        // The 16-bit shifts drag in bits of the neighbour, which the masks remove.
        w0 = a & nibble | (top.AsUInt16() << 4).AsByte() & two;
        w1 = b & nibble | (top.AsUInt16() << 2).AsByte() & two;
        w2 = (a.AsUInt16() >> 4).AsByte() & nibble | top & two;
        w3 = (b.AsUInt16() >> 4).AsByte() & nibble | (top.AsUInt16() >> 2).AsByte() & two;
    }
}
