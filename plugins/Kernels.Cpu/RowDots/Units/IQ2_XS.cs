using System.Runtime.CompilerServices;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>scale 2 · for each eight weights an entry number of 9 bits and seven signs 64 · a nibble of scale for each 16 8.</summary>
internal readonly unsafe partial struct IQ2_XS : IUnit
{
    private const int Quants = 2;
    private const int Scales = 66;

    public static int Bytes => 74;

    public static bool HasSixteens => true;

    public static int ZeroShift => 7;

    public static byte* Table() => Codebooks.Iq2Xs;

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
