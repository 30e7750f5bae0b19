using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.Units;

internal readonly unsafe partial struct TQ2_0
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        UnitScales.Same(UnitScales.Half(unit + Scale), scales);
        Vector256<byte> two = Vector256.Create((byte)3), one = Vector256<byte>.One;
        for (int half = 0; half < 2; half++, unit += 32, weights += 128)
        {
            Vector256<ushort> bits = Vector256.Load(unit).AsUInt16();
            ((bits.AsByte() & two) - one).AsSByte().StoreAligned(weights);
            (((bits >> 2).AsByte() & two) - one).AsSByte().StoreAligned(weights + 32);
            (((bits >> 4).AsByte() & two) - one).AsSByte().StoreAligned(weights + 64);
            (((bits >> 6).AsByte() & two) - one).AsSByte().StoreAligned(weights + 96);
        }
    }
}
