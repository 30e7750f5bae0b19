using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.Units;

internal readonly unsafe partial struct IQ2_S
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        float scale = UnitScales.Half(unit) / 8;
        UnitScales.Odd(UnitScales.Nibbles(Unsafe.ReadUnaligned<uint>(unit + Scales)), scale, scales);
        UnitScales.Odd(UnitScales.Nibbles(Unsafe.ReadUnaligned<uint>(unit + Scales + 4)), scale, scales + 8);
        ulong* entries = (ulong*)table;
        for (int group = 0; group < UnitDot.Groups; group++)
        {
            byte* q = unit + Quants + 4 * group;
            uint high = unit[High + group];
            Vector256<byte> magnitudes = Vector256.Create(
                entries[q[0] | high << 8 & 0x300], entries[q[1] | high << 6 & 0x300], entries[q[2] | high << 4 & 0x300], entries[q[3] | high << 2 & 0x300]).AsByte();
            Signs.Apply(magnitudes, Unsafe.ReadUnaligned<uint>(unit + SignBits + 4 * group)).StoreAligned(weights + 32 * group);
        }
    }
}
