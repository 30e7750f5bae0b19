using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.Linear.Grouped;

/// <summary>Four low bits, with AVX-VNNI.</summary>
internal readonly unsafe struct VnniNibbleBits<THigh> : IGroupBits
    where THigh : struct, IHighBits
{
    public static int Low => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Products(in FourLow low, Vector256<uint> numbers, sbyte* x)
    {
        Vector256<int> sum = Bits.Add(Bits.Add(default, low.A, 0xF0, x, 4), low.B, 0xF0, x, 5);
        sum = Bits.Add(Bits.Add(sum, low.C, 0xF0, x, 6), low.D, 0xF0, x, 7) >> 4;
        sum = Bits.Add(Bits.Add(sum, low.A, 0x0F, x, 0), low.B, 0x0F, x, 1);
        sum = Bits.Add(Bits.Add(sum, low.C, 0x0F, x, 2), low.D, 0x0F, x, 3);
        if (THigh.Bits == 0)
            return sum;
        // They count sixteen times.
        Vector256<uint> below = numbers << 4;
        Vector256<int> high = Bits.Add(Bits.Add(default, numbers, 0x80, x, 15), below, 0x80, x, 11) >> 1;
        high = Bits.Add(Bits.Add(high, numbers, 0x40, x, 14), below, 0x40, x, 10) >> 1;
        high = Bits.Add(Bits.Add(high, numbers, 0x20, x, 13), below, 0x20, x, 9) >> 1;
        return sum + Bits.Add(Bits.Add(high, numbers, 0x10, x, 12), below, 0x10, x, 8);
    }
}
