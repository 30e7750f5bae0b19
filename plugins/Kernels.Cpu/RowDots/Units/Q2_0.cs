namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>Four blocks of 64: scale 2 · two bits for each weight 16, the lowest first, which is one more than the weight.</summary>
internal readonly unsafe partial struct Q2_0 : IUnit
{
    private const int Block = 18;

    public static int Bytes => 4 * Block;

    public static bool HasSixteens => false;

    public static int ZeroShift => 3;

    public static byte* Table() => null;

    public static void UnpackScalar(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        for (int i = 0; i < 32 * groups; i++)
        {
            byte* block = unit + i / 64 * Block;
            scales[i / 32] = UnitScales.Half(block);
            weights[i] = (sbyte)((block[2 + i % 64 / 4] >> i % 4 * 2 & 3) - 1);
        }
    }
}
