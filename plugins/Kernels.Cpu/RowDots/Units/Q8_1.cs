namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>Eight blocks: scale 2 · sum 2, which a dot product of bytes has no use for · signed bytes 32.</summary>
internal readonly unsafe partial struct Q8_1 : IUnit
{
    private const int Block = 36;
    private const int Quants = 4;

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
                weights[i] = (sbyte)unit[Quants + i];
        }
    }
}
