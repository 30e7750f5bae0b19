using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.Linear.Grouped;

/// <summary>Four low bits, with sums in 16 bits.</summary>
internal readonly unsafe struct NibbleBits<THigh> : IGroupBits
    where THigh : struct, IHighBits
{
    public static int Low => 4;

    /// <remarks>The sum of the low bits comes up to 30480, 16 products of 15 · 127; that of the highest to 32512, of 16 · 127, before it is shifted and after.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Products(in FourLow low, Vector256<uint> numbers, sbyte* x)
    {
        Vector256<short> first = Bits.Pairs(low.A, 0x0F, x, 0) + Bits.Pairs(low.B, 0x0F, x, 1) + (Bits.Pairs(low.C, 0x0F, x, 2) + Bits.Pairs(low.D, 0x0F, x, 3));
        Vector256<short> second = Bits.Pairs(low.A >> 4, 0x0F, x, 4) + Bits.Pairs(low.B >> 4, 0x0F, x, 5) + (Bits.Pairs(low.C >> 4, 0x0F, x, 6) + Bits.Pairs(low.D >> 4, 0x0F, x, 7));
        if (THigh.Bits == 0)
            return Bits.Sum(first + second);
        Vector256<uint> above = numbers >> 2, below = numbers << 2, lowest = numbers << 4;
        Vector256<short> two = Bits.Pairs(above, 0x20, x, 15) + Bits.Pairs(numbers, 0x20, x, 13) + (Bits.Pairs(below, 0x20, x, 11) + Bits.Pairs(lowest, 0x20, x, 9));
        Vector256<short> one = Bits.Pairs(above, 0x10, x, 14) + Bits.Pairs(numbers, 0x10, x, 12) + (Bits.Pairs(below, 0x10, x, 10) + Bits.Pairs(lowest, 0x10, x, 8));
        return Bits.Sum(first + second) + Bits.Sum(one + (two >> 1));
    }
}
