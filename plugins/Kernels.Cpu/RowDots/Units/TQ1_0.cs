namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>
/// Five trits a byte 48, four trits a byte 4 · scale 2. Trit n of byte i is weight 32n + i of the first 32 bytes, 160 + 16n + i of the next 16, 240 + 4n + i of the last four.
/// A byte is a fraction of 256 whose base-3 digits are the trits + 1, the most significant first.
/// </summary>
internal readonly unsafe partial struct TQ1_0 : IUnit
{
    private const int Middle = 32;
    private const int Last = 48;
    private const int Scale = 52;

    public static int Bytes => 54;

    public static bool HasSixteens => false;

    public static int ZeroShift => 3;

    public static byte* Table() => null;

    public static void UnpackScalar(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        UnitScales.Same(UnitScales.Half(unit + Scale), scales);
        for (int i = 0; i < 32 * groups; i++)
        {
            (int at, int digit) = i < 160 ? (i % 32, i / 32) : i < 240 ? (Middle + i % 16, (i - 160) / 16) : (Last + i % 4, (i - 240) / 4);
            int rest = unit[at];
            for (; digit > 0; digit--)
                rest = rest * 3 & 255;
            weights[i] = (sbyte)((rest * 3 >> 8) - 1);
        }
    }
}
