using System.Runtime.CompilerServices;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>
/// The lower 8 bits of 32 entry numbers 32 · a nibble for each: the upper three bits, the sign of a shift of the trits by an eighth 16 · four words 8: four scales of 3 bits
/// for 16 weights each, and a nibble of the scale, the lowest first.
/// </summary>
internal readonly unsafe partial struct IQ1_M : IUnit
{
    private const int High = 32;
    private const int Scales = 48;

    public static int Bytes => 56;

    public static bool HasSixteens => true;

    public static int ZeroShift => 4;

    public static byte* Table() => Codebooks.Iq1;

    public static void UnpackScalar(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        ulong words = Unsafe.ReadUnaligned<ulong>(unit + Scales);
        for (int i = 0; i < 32 * groups; i++)
        {
            int nibble = unit[High + i / 16] >> i / 8 % 2 * 4, code = (int)(words >> i / 64 * 16 + i / 16 % 4 * 3) & 7;
            scales[i / 16] = Scale(words) / 8 * (2 * code + 1);
            weights[i] = (sbyte)((sbyte)table[8 * (unit[i / 8] | (nibble & 7) << 8) + i % 8] + ((nibble & 8) == 0 ? 1 : -1));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Scale(ulong words) =>
        HalfFloat.ToSingle((ushort)(words >> 12 & 0xf | words >> 24 & 0xf0 | words >> 36 & 0xf00 | words >> 48 & 0xf000));
}
