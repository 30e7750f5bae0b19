namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>Two bits for each weight 64, one more than it: of each 32 bytes, bits 2k and 2k + 1 of byte i are weight 32k + i of 128 · scale 2.</summary>
internal readonly unsafe partial struct TQ2_0 : IUnit
{
    private const int Scale = 64;

    public static int Bytes => 66;

    public static bool HasSixteens => false;

    public static int ZeroShift => 3;

    public static byte* Table() => null;

    public static void UnpackScalar(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        UnitScales.Same(UnitScales.Half(unit + Scale), scales);
        for (int i = 0; i < 32 * groups; i++)
            weights[i] = (sbyte)((unit[i / 128 * 32 + i % 32] >> i % 128 / 32 * 2 & 3) - 1);
    }
}
