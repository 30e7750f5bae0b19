using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots.Blocks32;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Units;

internal readonly unsafe partial struct MXFP4
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        Vector256<sbyte> levels = Levels.Fp4();
        for (int group = 0; group < groups; group++, unit += Block, weights += 32)
        {
            scales[group] = Half(*unit);
            X86.Avx2.Shuffle(levels, Nibbles.All(unit + 1).AsSByte()).StoreAligned(weights);
        }
    }
}
