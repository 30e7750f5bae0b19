namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>scale 2 · the lower 8 bits of 64 entry numbers · their ninth bits 8 · a sign for each weight 32 · a nibble of scale for each 32 4.</summary>
internal readonly unsafe partial struct IQ3_S : IUnit
{
    private const int Quants = 2;
    private const int High = 66;
    private const int SignBits = 74;
    private const int Scales = 106;

    public static int Bytes => 110;

    public static bool HasSixteens => false;

    public static int ZeroShift => 4;

    public static byte* Table() => Codebooks.Iq3S;

    public static void UnpackScalar(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        for (int i = 0; i < 32 * groups; i++)
        {
            int number = unit[Quants + i / 4] | (unit[High + i / 32] >> i / 4 % 8 & 1) << 8;
            int sign = (unit[SignBits + i / 8] >> i % 8 & 1) == 0 ? 1 : -1;
            scales[i / 32] = UnitScales.Half(unit) * (2 * (unit[Scales + i / 64] >> i / 32 % 2 * 4 & 15) + 1);
            weights[i] = (sbyte)(table[4 * number + i % 4] * sign);
        }
    }
}
