using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>The signs of the codebook types: bit i of 32 is set where weight i is negative.</summary>
internal static unsafe class Signs
{
    /// <summary>Completes seven signs in each byte by an eighth, so that the number of negative ones is even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Even(uint sevens)
    {
        // Folds each byte onto its lowest bit; what comes in from the byte above does not reach it.
        uint fold = sevens ^ sevens >> 4;
        fold ^= fold >> 2;
        fold ^= fold >> 1;
        return sevens | (fold & 0x01010101) << 7;
    }

    /// <summary>As <see cref="Even"/>, of four times seven bits one after the other; what is above them is ignored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint EvenOfPacked(uint packed) =>
        Even(packed & 0x7f | (packed & 0x3f80) << 1 | (packed & 0x1fc000) << 2 | (packed & 0xfe00000) << 3);

    /// <summary>Negates what is marked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Apply(Vector256<byte> magnitudes, uint signs)
    {
        Vector256<byte> mask = Mask(signs);
        return ((magnitudes ^ mask) - mask).AsSByte();
    }

    /// <summary>255 where the bit of the column is set, else 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Mask(uint bits)
    {
        // Column i needs byte i / 8; the shuffle works in halves of 128 bits, which all hold the same four bytes.
        Vector256<byte> spread = Avx2.Shuffle(
            Vector256.Create(bits).AsByte(),
            Vector256.Create(0ul, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303).AsByte());
        Vector256<byte> select = Vector256.Create(0x8040201008040201).AsByte();
        return Avx2.CompareEqual(spread & select, select);
    }

    /// <summary>The sign of weight <paramref name="place"/> of eight, whose seven signs are given.</summary>
    public static int OfSeven(uint seven, int place)
    {
        seven &= 0x7f;
        return ((place < 7 ? seven >> place : (uint)BitOperations.PopCount(seven)) & 1) == 0 ? 1 : -1;
    }
}
