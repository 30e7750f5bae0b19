using System.Runtime.CompilerServices;
using Tessera.Kernels.Cpu.RowDots.Blocks32;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>scale 2 · top bits of eight group scales 2 · their low nibbles 4 · nibbles 128 that name levels, 16 bytes a group.</summary>
internal readonly unsafe partial struct IQ4_XS : IUnit
{
    private const int Quants = 8;
    private const int Zero = 32;

    public static int Bytes => 136;

    public static bool HasSixteens => false;

    public static int ZeroShift => 7;

    public static byte* Table() => null;

    public static void UnpackScalar(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        float scale = UnitScales.Half(unit);
        for (int group = 0; group < groups; group++)
        {
            int low = unit[4 + group / 2] >> 4 * (group & 1) & 15, high = Unsafe.ReadUnaligned<ushort>(unit + 2) >> 2 * group & 3;
            scales[group] = scale * ((low | high << 4) - Zero);
            for (int i = 0; i < 32; i++)
                weights[32 * group + i] = Levels.Iq4Of(Nibbles.One(unit + Quants + 16 * group, i));
        }
    }
}
