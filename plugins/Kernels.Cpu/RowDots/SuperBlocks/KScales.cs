using System.Runtime.CompilerServices;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>The eight 6-bit scales and minimums that Q4_K and Q5_K keep in twelve bytes after both halves of a block, one byte each.</summary>
/// <remarks>
/// Bytes 0–3 hold the scales 0–3 in their low six bits, bytes 4–7 the minimums 0–3; their top two bits are the top bits of the scales and
/// minimums 4–7. Bytes 8–11 hold the low four bits of those: scales low, minimums high.
/// </remarks>
internal static unsafe partial class KScales
{
    private const int Start = 4;

    /// <summary>A group's scale.</summary>
    public static int One(byte* block, int group)
    {
        Read(block, out ulong scales, out _);
        return (byte)(scales >> 8 * group);
    }

    /// <summary>A group's minimum.</summary>
    public static int OneMinimum(byte* block, int group)
    {
        Read(block, out _, out ulong minimums);
        return (byte)(minimums >> 8 * group);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Read(byte* block, out ulong scales, out ulong minimums)
    {
        uint first = Unsafe.ReadUnaligned<uint>(block + Start), second = Unsafe.ReadUnaligned<uint>(block + Start + 4), third = Unsafe.ReadUnaligned<uint>(block + Start + 8);
        const uint six = 0x3f3f3f3f, four = 0x0f0f0f0f, two = 0x30303030;
        scales = first & six | (ulong)(third & four | first >> 2 & two) << 32;
        minimums = second & six | (ulong)(third >> 4 & four | second >> 2 & two) << 32;
    }
}
