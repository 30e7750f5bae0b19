using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.Units;

internal readonly unsafe partial struct Q1_0
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        for (; groups > 0; groups -= 4, unit += Block, weights += 128, scales += 4)
        {
            Vector128.Create(UnitScales.Half(unit)).Store(scales);
            for (int group = 0; group < 4; group++)
            {
                // 255 is -1: twice the bit, less one.
                Vector256<byte> set = BitMask.Of(Unsafe.ReadUnaligned<uint>(unit + 2 + 4 * group));
                (-(set + set) - Vector256<byte>.One).AsSByte().StoreAligned(weights + 32 * group);
            }
        }
    }
}
