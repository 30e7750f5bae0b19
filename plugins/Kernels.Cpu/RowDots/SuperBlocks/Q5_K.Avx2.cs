using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

internal readonly unsafe partial struct Q5_K
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Groups(byte* block, out Vector128<sbyte> scales, out Vector128<byte> minimums) => KScales.All(block, out scales, out minimums);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Weights(byte* block, int half, out Vector256<byte> w0, out Vector256<byte> w1, out Vector256<byte> w2, out Vector256<byte> w3)
    {
        KNibbles.Half(block + Quants, half, out w0, out w1, out w2, out w3);
        Vector256<byte> sixteen = Vector256.Create((byte)16);
        // The half's four fifth bits, the lowest first. The 16-bit shifts drag in bits of the neighbour, which the mask removes.
        Vector256<ushort> fifth = Vector256.Load(block + Fifth).AsUInt16() >> 4 * half;
        w0 |= (fifth << 4).AsByte() & sixteen;
        w1 |= (fifth << 3).AsByte() & sixteen;
        w2 |= (fifth << 2).AsByte() & sixteen;
        w3 |= (fifth << 1).AsByte() & sixteen;
    }
}
