using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>scale 2 · the lower 8 bits of 64 entry numbers · their ninth bits 8 · a sign for each weight 32 · a nibble of scale for each 32 4.</summary>
internal readonly unsafe struct IQ3_S : IUnit
{
    private const int Quants = 2;
    private const int High = 66;
    private const int SignBits = 74;
    private const int Scales = 106;

    public static int Bytes => 110;

    public static bool HasSixteens => false;

    public static byte* Table() => Codebooks.Iq3S;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        UnitScales.Odd(UnitScales.Nibbles(Unsafe.ReadUnaligned<uint>(unit + Scales)), UnitScales.Half(unit), scales);
        uint* entries = (uint*)table;
        for (int group = 0; group < UnitDot.Groups; group++)
        {
            byte* q = unit + Quants + 8 * group;
            uint high = unit[High + group];
            Vector256<byte> magnitudes = Vector256.Create(
                entries[q[0] | high << 8 & 256], entries[q[1] | high << 7 & 256], entries[q[2] | high << 6 & 256], entries[q[3] | high << 5 & 256],
                entries[q[4] | high << 4 & 256], entries[q[5] | high << 3 & 256], entries[q[6] | high << 2 & 256], entries[q[7] | high << 1 & 256]).AsByte();
            Signs.Apply(magnitudes, Unsafe.ReadUnaligned<uint>(unit + SignBits + 4 * group)).StoreAligned(weights + 32 * group);
        }
    }

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
