using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Quant.Ggml.Numerics;

/// <summary>The 256 values of two bits in 64 bytes of Q2_K, Q3_K and TQ2_0: of each 32 bytes, bits 2k and 2k + 1 of byte i are value 32k + i of 128.</summary>
internal static unsafe class QuarterBytes
{
    private const int Values = 256;

    /// <summary>Unpacks to a byte a value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Split(byte* packed, byte* values)
    {
        for (int half = 0; half < 2; half++, packed += 32, values += Values / 2)
            for (int i = 0; i < 32; i += 16)
            {
                Vector128<byte> bytes = Vector128.Load(packed + i);
                Nibbles.Bits(bytes, 0, 3).Store(values + i);
                Nibbles.Bits(bytes, 2, 3).Store(values + 32 + i);
                Nibbles.Bits(bytes, 4, 3).Store(values + 64 + i);
                Nibbles.Bits(bytes, 6, 3).Store(values + 96 + i);
            }
    }

    /// <summary>The inverse, of the lowest two bits of each byte.</summary>
    public static void Join(byte* values, byte* packed)
    {
        for (int i = 0; i < Values / 4; i++)
        {
            byte* first = values + i / 32 * 128 + i % 32;
            packed[i] = (byte)(first[0] & 3 | (first[32] & 3) << 2 | (first[64] & 3) << 4 | (first[96] & 3) << 6);
        }
    }
}
