using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

internal readonly unsafe partial struct Q2_K
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Groups(byte* block, out Vector128<sbyte> scales, out Vector128<byte> minimums)
    {
        Vector128<byte> both = Vector128.Load(block), nibble = Vector128.Create((byte)15);
        scales = (both & nibble).AsSByte();
        minimums = (both.AsUInt16() >> 4).AsByte() & nibble;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Weights(byte* block, int half, out Vector256<byte> w0, out Vector256<byte> w1, out Vector256<byte> w2, out Vector256<byte> w3)
    {
        Vector256<byte> three = Vector256.Create((byte)3);
        Vector256<ushort> bits = Vector256.Load(block + Quants + 32 * half).AsUInt16();
        w0 = bits.AsByte() & three;
        w1 = (bits >> 2).AsByte() & three;
        w2 = (bits >> 4).AsByte() & three;
        w3 = (bits >> 6).AsByte() & three;
    }
}
