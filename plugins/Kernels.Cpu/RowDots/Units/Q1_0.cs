using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>Two blocks of 128: scale 2 · a bit for each weight 16, set where it is +scale.</summary>
internal readonly unsafe struct Q1_0 : IUnit
{
    private const int Block = 18;

    public static int Bytes => 2 * Block;

    public static bool HasSixteens => false;

    public static byte* Table() => null;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        for (; groups > 0; groups -= 4, unit += Block, weights += 128, scales += 4)
        {
            Vector128.Create(UnitScales.Half(unit)).Store(scales);
            for (int group = 0; group < 4; group++)
            {
                // 255 is -1: twice the bit, less one.
                Vector256<byte> set = Signs.Mask(Unsafe.ReadUnaligned<uint>(unit + 2 + 4 * group));
                (-(set + set) - Vector256<byte>.One).AsSByte().StoreAligned(weights + 32 * group);
            }
        }
    }

    public static void UnpackScalar(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        for (int i = 0; i < 32 * groups; i++)
        {
            byte* block = unit + i / 128 * Block;
            scales[i / 32] = UnitScales.Half(block);
            weights[i] = (sbyte)(2 * (block[2 + i % 128 / 8] >> i % 8 & 1) - 1);
        }
    }
}
