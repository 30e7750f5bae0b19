namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>Two blocks of 128: scale 2 · a bit for each weight 16, set where it is +scale.</summary>
internal readonly unsafe partial struct Q1_0 : IUnit
{
    private const int Block = 18;

    public static int Bytes => 2 * Block;

    public static bool HasSixteens => false;

    public static int ZeroShift => 3;

    public static byte* Table() => null;

    public static void UnpackScalar(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        for (int i = 0; i < 32 * groups; i++)
        {
            byte* block = unit + i / 128 * Block;
            scales[i / 32] = UnitScales.Half(block);
            weights[i] = (sbyte)(2 * (block[2 + i % 128 / 8] >> i % 8 & 1) - 1);
        }
    }
}
