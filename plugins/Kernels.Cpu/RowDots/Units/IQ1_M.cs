using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using X86 = System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>
/// The lower 8 bits of 32 entry numbers 32 · a nibble for each: the upper three bits, the sign of a shift of the trits by an eighth 16 · four words 8: four scales of 3 bits
/// for 16 weights each, and a nibble of the scale, the lowest first.
/// </summary>
internal readonly unsafe struct IQ1_M : IUnit
{
    private const int High = 32;
    private const int Scales = 48;
    private const ulong Ones = 0x0101010101010101;

    public static int Bytes => 56;

    public static bool HasSixteens => true;

    public static byte* Table() => Codebooks.Iq1;

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

    public static void UnpackScalar(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        ulong words = Unsafe.ReadUnaligned<ulong>(unit + Scales);
        for (int i = 0; i < 32 * groups; i++)
        {
            int nibble = unit[High + i / 16] >> i / 8 % 2 * 4, code = (int)(words >> i / 64 * 16 + i / 16 % 4 * 3) & 7;
            scales[i / 16] = Scale(words) / 8 * (2 * code + 1);
            weights[i] = (sbyte)((sbyte)table[8 * (unit[i / 8] | (nibble & 7) << 8) + i % 8] + ((nibble & 8) == 0 ? 1 : -1));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Scale(ulong words) =>
        HalfFloat.ToSingle((ushort)(words >> 12 & 0xf | words >> 24 & 0xf0 | words >> 36 & 0xf00 | words >> 48 & 0xf000));

    /// <summary>Eight bytes: 1, or -1 where the lowest bit is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Shifts(uint bit) => (ulong)-(long)(bit & 1) | Ones;
}
