using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Numerics;

/// <summary>Bits to bytes with AVX2.</summary>
internal static class BitMask
{
    /// <summary>255 in byte i where bit i is set, else 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Of(uint bits)
    {
        // Byte i needs byte i / 8 of the bits; the shuffle works in halves of 128 bits, which all hold the same four bytes.
        Vector256<byte> spread = Avx2.Shuffle(
            Vector256.Create(bits).AsByte(),
            Vector256.Create(0ul, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303).AsByte());
        Vector256<byte> select = Vector256.Create(0x8040201008040201).AsByte();
        return Avx2.CompareEqual(spread & select, select);
    }
}
