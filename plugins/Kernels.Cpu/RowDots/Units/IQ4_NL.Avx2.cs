using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots.Blocks32;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Units;

internal readonly unsafe partial struct IQ4_NL
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        UnitScales.Halves(unit, Block, groups, scales);
        Vector256<sbyte> levels = Levels.Iq4();
        for (int group = 0; group < groups; group++, unit += Block, weights += 32)
            X86.Avx2.Shuffle(levels, Nibbles.All(unit + 2).AsSByte()).StoreAligned(weights);
    }
}
