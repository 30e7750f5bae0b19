using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Units;

internal readonly unsafe partial struct IQ1_M
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        ulong words = Unsafe.ReadUnaligned<ulong>(unit + Scales);
        float scale = Scale(words) / 8;
        Vector256<uint> threes = Vector256.Create(0u, 3, 6, 9, 16, 19, 22, 25);
        UnitScales.Odd(X86.Avx2.ShiftRightLogicalVariable(Vector256.Create((int)words), threes) & Vector256.Create(7), scale, scales);
        UnitScales.Odd(X86.Avx2.ShiftRightLogicalVariable(Vector256.Create((int)(words >> 32)), threes) & Vector256.Create(7), scale, scales + 8);
        ulong* entries = (ulong*)table;
        for (int group = 0; group < UnitDot.Groups; group++)
        {
            byte* q = unit + 4 * group;
            uint high = Unsafe.ReadUnaligned<ushort>(unit + High + 2 * group);
            Vector256<sbyte> eights = Vector256.Create(
                entries[q[0] | high << 8 & 0x700], entries[q[1] | high << 4 & 0x700], entries[q[2] | high & 0x700], entries[q[3] | high >> 4 & 0x700]).AsSByte();
            (eights + Vector256.Create(Shifts(high >> 3), Shifts(high >> 7), Shifts(high >> 11), Shifts(high >> 15)).AsSByte()).StoreAligned(weights + 32 * group);
        }
    }

    /// <summary>Eight bytes: 1, or -1 where the lowest bit is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Shifts(uint bit) => (ulong)-(long)(bit & 1) | 0x0101010101010101;
}
