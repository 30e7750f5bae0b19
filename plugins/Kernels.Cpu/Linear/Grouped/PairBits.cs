using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.Linear.Grouped;

/// <summary>Two low bits, with sums in 16 bits.</summary>
internal readonly unsafe struct PairBits<THigh> : IGroupBits
    where THigh : struct, IHighBits
{
    public static int Low => 2;

    /// <remarks>No sum comes above 20320, at the end 14224: 16 products of up to 7 · 127.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Products(in FourLow low, Vector256<uint> numbers, sbyte* x)
    {
        Vector256<uint> a = low.A, b = low.B, aUpper = a >> 4, bUpper = b >> 4;
        // Four times too large; of the highest bits, which count four times, as they are.
        Vector256<short> four = Bits.Pairs(a, 0x0C, x, 2) + Bits.Pairs(b, 0x0C, x, 3) + (Bits.Pairs(aUpper, 0x0C, x, 6) + Bits.Pairs(bUpper, 0x0C, x, 7));
        Vector256<short> one = Bits.Pairs(a, 0x03, x, 0) + Bits.Pairs(b, 0x03, x, 1) + (Bits.Pairs(aUpper, 0x03, x, 4) + Bits.Pairs(bUpper, 0x03, x, 5));
        if (THigh.Bits == 0)
            return Bits.Sum(one + (four >> 2));
        Vector256<uint> above = numbers >> 2, below = numbers << 2;
        Vector256<short> two = Bits.Pairs(above, 0x08, x, 13) + (Bits.Pairs(numbers, 0x08, x, 11) + Bits.Pairs(below, 0x08, x, 9));
        one += Bits.Pairs(above, 0x04, x, 12) + (Bits.Pairs(numbers, 0x04, x, 10) + Bits.Pairs(below, 0x04, x, 8));
        four += Bits.Pairs(above, 0x10, x, 14) + (Bits.Pairs(above, 0x20, x, 15) >> 1);
        return Bits.Sum(one + (two + (four >> 1) >> 1));
    }
}
