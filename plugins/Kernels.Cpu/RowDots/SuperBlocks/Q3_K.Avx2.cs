using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

internal readonly unsafe partial struct Q3_K
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Groups(byte* block, out Vector128<sbyte> scales, out Vector128<byte> minimums)
    {
        ulong nibbles = Unsafe.ReadUnaligned<ulong>(block + GroupScales);
        uint top = Unsafe.ReadUnaligned<uint>(block + GroupScales + 8);
        const ulong four = 0x0f0f0f0f0f0f0f0f;
        const uint two = 0x03030303;
        ulong first = nibbles & four | (ulong)(top & two) << 4 | (ulong)(top >> 2 & two) << 36;
        ulong second = nibbles >> 4 & four | (ulong)(top >> 4 & two) << 4 | (ulong)(top >> 6 & two) << 36;
        scales = Vector128.Create(first, second).AsSByte() - Vector128.Create((sbyte)ScaleZero);
        minimums = default;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Weights(byte* block, int half, out Vector256<byte> w0, out Vector256<byte> w1, out Vector256<byte> w2, out Vector256<byte> w3)
    {
        Vector256<byte> three = Vector256.Create((byte)3), four = Vector256.Create((byte)4);
        Vector256<ushort> bits = Vector256.Load(block + Quants + 32 * half).AsUInt16();
        // The half's four top bits, the lowest first. The 16-bit shifts drag in bits of the neighbour, which the masks remove.
        Vector256<ushort> top = Vector256.Load(block).AsUInt16() >> 4 * half;
        w0 = bits.AsByte() & three | (top << 2).AsByte() & four;
        w1 = (bits >> 2).AsByte() & three | (top << 1).AsByte() & four;
        w2 = (bits >> 4).AsByte() & three | top.AsByte() & four;
        w3 = (bits >> 6).AsByte() & three | (top >> 1).AsByte() & four;
    }
}
