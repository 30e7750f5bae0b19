using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.Units;

internal readonly unsafe partial struct IQ3_S
{
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
}
