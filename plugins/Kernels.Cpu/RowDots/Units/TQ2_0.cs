using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>Two bits for each weight 64, one more than it: of each 32 bytes, bits 2k and 2k + 1 of byte i are weight 32k + i of 128 · scale 2.</summary>
internal readonly unsafe struct TQ2_0 : IUnit
{
    private const int Scale = 64;

    public static int Bytes => 66;

    public static bool HasSixteens => false;

    public static byte* Table() => null;

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

    public static void UnpackScalar(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        UnitScales.Same(UnitScales.Half(unit + Scale), scales);
        for (int i = 0; i < 32 * groups; i++)
            weights[i] = (sbyte)((unit[i / 128 * 32 + i % 32] >> i % 128 / 32 * 2 & 3) - 1);
    }
}
