using System.Runtime.CompilerServices;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>scale 2 · the lower 8 bits of 32 entry numbers 32 · two bytes a group 16: the upper three bits of four numbers, a scale of 3 bits, the sign of a shift of the trits by an eighth.</summary>
internal readonly unsafe partial struct IQ1_S : IUnit
{
    private const int Quants = 2;
    private const int High = 34;

    public static int Bytes => 50;

    public static bool HasSixteens => false;

    public static int ZeroShift => 4;

    public static byte* Table() => Codebooks.Iq1;

    public static void UnpackScalar(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        for (int i = 0; i < 32 * groups; i++)
        {
            uint high = Unsafe.ReadUnaligned<ushort>(unit + High + i / 32 * 2);
            long number = unit[Quants + i / 8] | (high >> i / 8 % 4 * 3 & 7) << 8;
            scales[i / 32] = UnitScales.Half(unit) / 8 * (2 * (high >> 12 & 7) + 1);
            weights[i] = (sbyte)((sbyte)table[8 * number + i % 8] + Shift(high >> 15));
        }
    }

    /// <summary>Up by 1, in eighths, or down where the bit is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Shift(uint bit) => 1 - 2 * (int)bit;
}
