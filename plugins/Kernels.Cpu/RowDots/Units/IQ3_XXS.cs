using System.Runtime.CompilerServices;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>scale 2 · 64 entry numbers of 8 bits · a word a group 32: four times seven signs and a scale of 4 bits.</summary>
internal readonly unsafe partial struct IQ3_XXS : IUnit
{
    private const int Quants = 2;
    private const int Words = 66;

    public static int Bytes => 98;

    public static bool HasSixteens => false;

    public static int ZeroShift => 7;

    public static byte* Table() => Codebooks.Iq3Xxs;

    public static void UnpackScalar(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        for (int i = 0; i < 32 * groups; i++)
        {
            uint word = Unsafe.ReadUnaligned<uint>(unit + Words + i / 32 * 4);
            scales[i / 32] = UnitScales.Half(unit) / 4 * (2 * (word >> 28) + 1);
            weights[i] = (sbyte)(table[4 * unit[Quants + i / 4] + i % 4] * Signs.OfSeven(word >> i / 8 % 4 * 7, i % 8));
        }
    }
}
