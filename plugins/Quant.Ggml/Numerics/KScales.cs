using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Tessera.Quant.Ggml.Numerics;

/// <summary>The eight 6-bit scales and eight 6-bit minimums that Q4_K and Q5_K keep in twelve bytes.</summary>
/// <remarks>
/// Bytes 0–3 hold the scales 0–3 in their low six bits, bytes 4–7 the minimums 0–3; their top two bits are the top bits of the scales and
/// minimums 4–7. Bytes 8–11 hold the low four bits of those: scales low, minimums high.
/// </remarks>
internal static unsafe class KScales
{
    /// <summary>Unpacks all sixteen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Read(byte* packed, out ulong scales, out ulong minimums)
    {
        uint first = Unsafe.ReadUnaligned<uint>(packed), second = Unsafe.ReadUnaligned<uint>(packed + 4), third = Unsafe.ReadUnaligned<uint>(packed + 8);
        const uint six = 0x3f3f3f3f, four = 0x0f0f0f0f, two = 0x30303030;
        scales = first & six | (ulong)(third & four | first >> 2 & two) << 32;
        minimums = second & six | (ulong)(third >> 4 & four | second >> 2 & two) << 32;
    }

    /// <summary>The inverse of <see cref="Read"/>, from eight values below 64 each.</summary>
    public static void Write(ReadOnlySpan<byte> scales, ReadOnlySpan<byte> minimums, byte* packed)
    {
        uint scalesLow = BinaryPrimitives.ReadUInt32LittleEndian(scales), scalesHigh = BinaryPrimitives.ReadUInt32LittleEndian(scales[4..]);
        uint minimumsLow = BinaryPrimitives.ReadUInt32LittleEndian(minimums), minimumsHigh = BinaryPrimitives.ReadUInt32LittleEndian(minimums[4..]);
        const uint four = 0x0f0f0f0f, two = 0x30303030;
        Unsafe.WriteUnaligned(packed, scalesLow | (scalesHigh & two) << 2);
        Unsafe.WriteUnaligned(packed + 4, minimumsLow | (minimumsHigh & two) << 2);
        Unsafe.WriteUnaligned(packed + 8, scalesHigh & four | (minimumsHigh & four) << 4);
    }
}
