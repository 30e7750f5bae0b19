using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.Units;

internal readonly unsafe partial struct IQ3_XXS
{
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
}
