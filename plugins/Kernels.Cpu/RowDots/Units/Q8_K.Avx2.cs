using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.Units;

internal readonly unsafe partial struct Q8_K
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        UnitScales.Same(Unsafe.ReadUnaligned<float>(unit), scales);
        for (int i = 0; i < UnitDot.Columns; i += 32)
            Vector256.Load((sbyte*)unit + Quants + i).StoreAligned(weights + i);
    }
}
