using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Units;

internal readonly unsafe partial struct Q2_0
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        for (; groups > 0; groups -= 2, unit += Block, weights += 64, scales += 2)
        {
            scales[0] = scales[1] = UnitScales.Half(unit);
            Spread(Unsafe.ReadUnaligned<ulong>(unit + 2)).StoreAligned(weights);
            Spread(Unsafe.ReadUnaligned<ulong>(unit + 10)).StoreAligned(weights + 32);
        }
    }

    /// <summary>Each byte four times, then two bits from each place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<sbyte> Spread(ulong packed)
    {
        Vector256<int> x = X86.Avx2.Shuffle(
            Vector256.Create(packed).AsByte(),
            Vector256.Create(0x0101010100000000ul, 0x0303030302020202, 0x0505050504040404, 0x0707070706060606).AsByte()).AsInt32();
        Vector256<int> bits = x & Vector256.Create(0x03) | x >>> 2 & Vector256.Create(0x0300) | x >>> 4 & Vector256.Create(0x030000) | x >>> 6 & Vector256.Create(0x03000000);
        return bits.AsSByte() - Vector256<sbyte>.One;
    }
}
