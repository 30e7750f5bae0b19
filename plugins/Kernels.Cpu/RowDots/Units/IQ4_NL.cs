using Tessera.Kernels.Cpu.RowDots.Blocks32;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>Eight blocks: scale 2 · nibbles 16 that name levels.</summary>
internal readonly unsafe partial struct IQ4_NL : IUnit
{
    private const int Block = 18;

    public static int Bytes => 8 * Block;

    public static bool HasSixteens => false;

    public static int ZeroShift => 7;

    public static byte* Table() => null;

    public static void UnpackScalar(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        for (int group = 0; group < groups; group++, unit += Block, weights += 32)
        {
            scales[group] = UnitScales.Half(unit);
            for (int i = 0; i < 32; i++)
                weights[i] = Levels.Iq4Of(Nibbles.One(unit + 2, i));
        }
    }
}
