using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots.Blocks32;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Units;

internal readonly unsafe partial struct IQ4_XS
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        Vector256<int> top = X86.Avx2.ShiftRightLogicalVariable(Vector256.Create((int)Unsafe.ReadUnaligned<ushort>(unit + 2)), Vector256.Create(0u, 2, 4, 6, 8, 10, 12, 14)) & Vector256.Create(3);
        Vector256<int> all = (UnitScales.Nibbles(Unsafe.ReadUnaligned<uint>(unit + 4)) | top << 4) - Vector256.Create(Zero);
        (Vector256.ConvertToSingle(all) * Vector256.Create(UnitScales.Half(unit))).Store(scales);
        Vector256<sbyte> levels = Levels.Iq4();
        for (int group = 0; group < UnitDot.Groups; group++)
            X86.Avx2.Shuffle(levels, Nibbles.All(unit + Quants + 16 * group).AsSByte()).StoreAligned(weights + 32 * group);
    }
}
