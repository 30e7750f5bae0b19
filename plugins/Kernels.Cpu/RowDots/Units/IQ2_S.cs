namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>scale 2 · the lower 8 bits of 32 entry numbers 32 · a sign for each weight 32 · the upper two bits of the numbers, four a byte, 8 · a nibble of scale for each 16 8.</summary>
internal readonly unsafe partial struct IQ2_S : IUnit
{
    private const int Quants = 2;
    private const int SignBits = 34;
    private const int High = 66;
    private const int Scales = 74;

    public static int Bytes => 82;

    public static bool HasSixteens => true;

    public static int ZeroShift => 7;

    public static byte* Table() => Codebooks.Iq2S;

    public static void UnpackScalar(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        for (int i = 0; i < 32 * groups; i++)
        {
            int number = unit[Quants + i / 8] | (unit[High + i / 32] >> i / 8 % 4 * 2 & 3) << 8;
            int sign = (unit[SignBits + i / 8] >> i % 8 & 1) == 0 ? 1 : -1;
            scales[i / 16] = UnitScales.Half(unit) / 8 * (2 * (unit[Scales + i / 32] >> i / 16 % 2 * 4 & 15) + 1);
            weights[i] = (sbyte)(table[8 * number + i % 8] * sign);
        }
    }
}
