using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.Units;

internal readonly unsafe partial struct IQ2_XS
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
            ulong q = Unsafe.ReadUnaligned<ulong>(unit + Quants + 8 * group);
            Vector256<byte> magnitudes = Vector256.Create(entries[(uint)q & 511], entries[(uint)(q >> 16) & 511], entries[(uint)(q >> 32) & 511], entries[(uint)(q >> 48) & 511]).AsByte();
            uint signs = (uint)(q >> 9) & 0x7f | (uint)(q >> 17) & 0x7f00 | (uint)(q >> 25) & 0x7f0000 | (uint)(q >> 33) & 0x7f000000;
            Signs.Apply(magnitudes, Signs.Even(signs)).StoreAligned(weights + 32 * group);
        }
    }
}
