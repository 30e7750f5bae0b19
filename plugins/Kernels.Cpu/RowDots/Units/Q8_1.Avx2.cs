using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.Units;

internal readonly unsafe partial struct Q8_1
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        UnitScales.Halves(unit, Block, groups, scales);
        for (int group = 0; group < groups; group++, unit += Block, weights += 32)
            Vector256.Load((sbyte*)unit + Quants).StoreAligned(weights);
    }
}
