using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>Four blocks of 64: scale 2 · two bits for each weight 16, the lowest first, which is one more than the weight.</summary>
internal readonly unsafe struct Q2_0 : IUnit
{
    private const int Block = 18;

    public static int Bytes => 4 * Block;

    public static bool HasSixteens => false;

    public static byte* Table() => null;

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

    public static void UnpackScalar(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        for (int i = 0; i < 32 * groups; i++)
        {
            byte* block = unit + i / 64 * Block;
            scales[i / 32] = UnitScales.Half(block);
            weights[i] = (sbyte)((block[2 + i % 64 / 4] >> i % 4 * 2 & 3) - 1);
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
