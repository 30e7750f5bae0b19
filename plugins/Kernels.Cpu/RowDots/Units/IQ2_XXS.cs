using System.Runtime.CompilerServices;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>scale 2 · two words a group 64: four entry numbers of 8 bits; four times seven signs and a scale of 4 bits.</summary>
internal readonly unsafe partial struct IQ2_XXS : IUnit
{
    private const int Words = 2;

    public static int Bytes => 66;

    public static bool HasSixteens => false;

    public static int ZeroShift => 7;

    public static byte* Table() => Codebooks.Iq2Xxs;

    public static void UnpackScalar(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        for (int i = 0; i < 32 * groups; i++)
        {
            byte* words = unit + Words + i / 32 * 8;
            uint second = Unsafe.ReadUnaligned<uint>(words + 4);
            int entry = i / 8 & 3;
            scales[i / 32] = UnitScales.Half(unit) / 8 * (2 * (second >> 28) + 1);
            weights[i] = (sbyte)(table[8 * words[entry] + i % 8] * Signs.OfSeven(second >> 7 * entry, i % 8));
        }
    }
}
