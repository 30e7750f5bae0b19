using System.Runtime.CompilerServices;
using Tessera.Kernels.Cpu.RowDots.Blocks32;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>Eight blocks: exponent of the scale 1 · nibbles 16 that name E2M1 floats.</summary>
internal readonly unsafe partial struct MXFP4 : IUnit
{
    private const int Block = 17;

    public static int Bytes => 8 * Block;

    public static bool HasSixteens => false;

    public static int ZeroShift => 4;

    public static byte* Table() => null;

    public static void UnpackScalar(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        for (int group = 0; group < groups; group++, unit += Block, weights += 32)
        {
            scales[group] = Half(*unit);
            for (int i = 0; i < 32; i++)
                weights[i] = Levels.Fp4Of(Nibbles.One(unit + 1, i));
        }
    }

    // Half of 2^(exponent - 127), since the levels are doubled; 2^-128 and 2^-127 are subnormal.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Half(int exponent) => BitConverter.Int32BitsToSingle(exponent < 2 ? 1 << 21 + exponent : exponent - 1 << 23);
}
