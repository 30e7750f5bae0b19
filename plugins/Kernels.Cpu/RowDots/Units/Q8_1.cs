using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>Eight blocks: scale 2 · sum 2, which a dot product of bytes has no use for · signed bytes 32.</summary>
internal readonly unsafe struct Q8_1 : IUnit
{
    private const int Block = 36;
    private const int Quants = 4;

    public static int Bytes => 8 * Block;

    public static bool HasSixteens => false;

    public static byte* Table() => null;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        UnitScales.Halves(unit, Block, groups, scales);
        for (int group = 0; group < groups; group++, unit += Block, weights += 32)
            Vector256.Load((sbyte*)unit + Quants).StoreAligned(weights);
    }

    public static void UnpackScalar(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        for (int group = 0; group < groups; group++, unit += Block, weights += 32)
        {
            scales[group] = UnitScales.Half(unit);
            for (int i = 0; i < 32; i++)
                weights[i] = (sbyte)unit[Quants + i];
        }
    }
}
