using System.Runtime.CompilerServices;

namespace Tessera.Quant.Ggml.Numerics;

/// <summary>The sixteen 6-bit scales that Q3_K keeps in twelve bytes.</summary>
/// <remarks>
/// Bytes 0–7 hold the low four bits: of the scales 0–7 in their low nibbles, of 8–15 in their high ones. Bits 2k and 2k + 1 of byte 8 + i are the
/// top bits of scale 4k + i.
/// </remarks>
internal static unsafe class SixBitScales
{
    /// <summary>Unpacks all sixteen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Read(byte* packed, byte* scales)
    {
        ulong low = Unsafe.ReadUnaligned<ulong>(packed);
        uint top = Unsafe.ReadUnaligned<uint>(packed + 8);
        const ulong four = 0x0f0f0f0f_0f0f0f0f;
        const uint two = 0x30303030;
        Unsafe.WriteUnaligned(scales, low & four | top << 4 & two | (ulong)(top << 2 & two) << 32);
        Unsafe.WriteUnaligned(scales + 8, low >> 4 & four | top & two | (ulong)(top >> 2 & two) << 32);
    }

    /// <summary>The inverse of <see cref="Read"/>, from sixteen values below 64.</summary>
    public static void Write(ReadOnlySpan<byte> scales, byte* packed)
    {
        for (int i = 0; i < 8; i++)
            packed[i] = (byte)(scales[i] & 15 | (scales[i + 8] & 15) << 4);
        for (int i = 0; i < 4; i++)
            packed[8 + i] = (byte)(scales[i] >> 4 | scales[4 + i] >> 4 << 2 | scales[8 + i] >> 4 << 4 | scales[12 + i] >> 4 << 6);
    }
}
