using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>scale 2 · 64 entry numbers of 8 bits · a word a group 32: four times seven signs and a scale of 4 bits.</summary>
internal readonly unsafe struct IQ3_XXS : IUnit
{
    private const int Quants = 2;
    private const int Words = 66;

    public static int Bytes => 98;

    public static bool HasSixteens => false;

    public static byte* Table() => Codebooks.Iq3Xxs;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        UnitScales.Odd(Vector256.Load((int*)(unit + Words)) >>> 28, UnitScales.Half(unit) / 4, scales);
        uint* entries = (uint*)table;
        for (int group = 0; group < UnitDot.Groups; group++)
        {
            ulong q = Unsafe.ReadUnaligned<ulong>(unit + Quants + 8 * group);
            Vector256<byte> magnitudes = Vector256.Create(
                entries[(byte)q], entries[(byte)(q >> 8)], entries[(byte)(q >> 16)], entries[(byte)(q >> 24)],
                entries[(byte)(q >> 32)], entries[(byte)(q >> 40)], entries[(byte)(q >> 48)], entries[q >> 56]).AsByte();
            Signs.Apply(magnitudes, Signs.EvenOfPacked(Unsafe.ReadUnaligned<uint>(unit + Words + 4 * group))).StoreAligned(weights + 32 * group);
        }
    }

    public static void UnpackScalar(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        for (int i = 0; i < 32 * groups; i++)
        {
            uint word = Unsafe.ReadUnaligned<uint>(unit + Words + i / 32 * 4);
            scales[i / 32] = UnitScales.Half(unit) / 4 * (2 * (word >> 28) + 1);
            weights[i] = (sbyte)(table[4 * unit[Quants + i / 4] + i % 4] * Signs.OfSeven(word >> i / 8 % 4 * 7, i % 8));
        }
    }
}
