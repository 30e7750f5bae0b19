using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.Linear.Grouped;

/// <summary>Two low bits, with AVX-VNNI: in 32 bits every bit may stay where it stands.</summary>
internal readonly unsafe struct VnniPairBits<THigh> : IGroupBits
    where THigh : struct, IHighBits
{
    public static int Low => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Products(in FourLow low, Vector256<uint> numbers, sbyte* x)
    {
        Vector256<uint> a = low.A, b = low.B;
        Vector256<int> sum = Bits.Add(Bits.Add(default, a, 0xC0, x, 6), b, 0xC0, x, 7) >> 2;
        sum = Bits.Add(Bits.Add(sum, a, 0x30, x, 4), b, 0x30, x, 5) >> 2;
        sum = Bits.Add(Bits.Add(sum, a, 0x0C, x, 2), b, 0x0C, x, 3) >> 2;
        sum = Bits.Add(Bits.Add(sum, a, 0x03, x, 0), b, 0x03, x, 1);
        if (THigh.Bits == 0)
            return sum;
        // They count four times.
        Vector256<uint> below = numbers << 2;
        Vector256<int> high = Bits.Add(default, numbers, 0x80, x, 15) >> 1;
        high = Bits.Add(high, numbers, 0x40, x, 14) >> 1;
        high = Bits.Add(high, numbers, 0x20, x, 13) >> 1;
        high = Bits.Add(high, numbers, 0x10, x, 12) >> 1;
        high = Bits.Add(Bits.Add(high, numbers, 0x08, x, 11), below, 0x08, x, 9) >> 1;
        return sum + Bits.Add(Bits.Add(high, numbers, 0x04, x, 10), below, 0x04, x, 8);
    }
}
