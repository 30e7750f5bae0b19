using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Units;

internal readonly unsafe partial struct IQ1_S
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        Vector256<int> words = X86.Avx2.ConvertToVector256Int32(Vector128.Load((ushort*)(unit + High)));
        UnitScales.Odd(words >>> 12 & Vector256.Create(7), UnitScales.Half(unit) / 8, scales);
        ulong* entries = (ulong*)table;
        for (int group = 0; group < UnitDot.Groups; group++)
        {
            byte* q = unit + Quants + 4 * group;
            uint high = Unsafe.ReadUnaligned<ushort>(unit + High + 2 * group);
            Vector256<sbyte> eights = Vector256.Create(
                entries[q[0] | high << 8 & 0x700], entries[q[1] | high << 5 & 0x700], entries[q[2] | high << 2 & 0x700], entries[q[3] | high >> 1 & 0x700]).AsSByte();
            (eights + Vector256.Create((sbyte)Shift(high >> 15))).StoreAligned(weights + 32 * group);
        }
    }
}
