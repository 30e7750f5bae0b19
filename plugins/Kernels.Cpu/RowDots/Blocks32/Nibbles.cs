using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Blocks32;

/// <summary>32 packed weights in the order of columns: the low nibbles of 16 bytes, then the high ones.</summary>
internal static unsafe class Nibbles
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int One(byte* packed, int column) => packed[column & 15] >> (column >> 4 << 2) & 15;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> All(byte* packed)
    {
        Vector128<byte> bytes = Vector128.Load(packed);
        return Vector256.Create(bytes, (bytes.AsUInt16() >> 4).AsByte()) & Vector256.Create((byte)15);
    }

    /// <summary>16 where the bit of the column is set, else 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> FifthBits(byte* bits)
    {
        // Column i needs byte i / 8; the shuffle works in halves of 128 bits, which all hold the same four bytes.
        Vector256<byte> spread = Avx2.Shuffle(
            Vector256.Create(Unsafe.ReadUnaligned<uint>(bits)).AsByte(),
            Vector256.Create(0ul, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303).AsByte());
        Vector256<byte> select = Vector256.Create(0x8040201008040201).AsByte();
        return Avx2.CompareEqual(spread & select, select) & Vector256.Create((byte)16);
    }
}
