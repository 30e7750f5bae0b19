using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>scale 2 · for each eight weights an entry number of 9 bits and seven signs 64 · a nibble of scale for each 16 8.</summary>
internal readonly unsafe struct IQ2_XS : IUnit
{
    private const int Quants = 2;
    private const int Scales = 66;

    public static int Bytes => 74;

    public static bool HasSixteens => true;

    public static byte* Table() => Codebooks.Iq2Xs;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        float scale = UnitScales.Half(unit) / 8;
        UnitScales.Odd(UnitScales.Nibbles(Unsafe.ReadUnaligned<uint>(unit + Scales)), scale, scales);
        UnitScales.Odd(UnitScales.Nibbles(Unsafe.ReadUnaligned<uint>(unit + Scales + 4)), scale, scales + 8);
        ulong* entries = (ulong*)table;
        for (int group = 0; group < UnitDot.Groups; group++)
        {
            ulong q = Unsafe.ReadUnaligned<ulong>(unit + Quants + 8 * group);
            Vector256<byte> magnitudes = Vector256.Create(entries[(uint)q & 511], entries[(uint)(q >> 16) & 511], entries[(uint)(q >> 32) & 511], entries[(uint)(q >> 48) & 511]).AsByte();
            uint signs = (uint)(q >> 9) & 0x7f | (uint)(q >> 17) & 0x7f00 | (uint)(q >> 25) & 0x7f0000 | (uint)(q >> 33) & 0x7f000000;
            Signs.Apply(magnitudes, Signs.Even(signs)).StoreAligned(weights + 32 * group);
        }
    }

    public static void UnpackScalar(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        for (int i = 0; i < 32 * groups; i++)
        {
            uint q = Unsafe.ReadUnaligned<ushort>(unit + Quants + i / 8 * 2);
            scales[i / 16] = UnitScales.Half(unit) / 8 * (2 * (unit[Scales + i / 32] >> i / 16 % 2 * 4 & 15) + 1);
            weights[i] = (sbyte)(table[8 * (q & 511) + i % 8] * Signs.OfSeven(q >> 9, i % 8));
        }
    }
}
