using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml.Codebooks;

/// <summary>Codebook entries to sixteen bytes.</summary>
internal static class Codebook
{
    /// <summary>The levels of two entries of eight values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> OfTwoBits(Vector128<byte> levels, ushort first, ushort second) =>
        Vector128.Shuffle(levels, Nibbles.SpreadTwoBits(first, second));

    /// <summary>The levels of four entries of four values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> OfNibbles(Vector128<byte> levels, ushort a, ushort b, ushort c, ushort d) =>
        Vector128.Shuffle(levels, Nibbles.Spread(a | (uint)b << 16, c | (uint)d << 16));

    /// <summary>The magnitudes, negated where a bit is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Signed(Vector128<byte> magnitudes, uint signs)
    {
        Vector128<byte> negative = Nibbles.Mask((ushort)signs);
        return ((magnitudes ^ negative) - negative).AsSByte();
    }

    /// <summary>Eight signs from the seven in the lowest bits: the number of negative ones is even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint EvenSigns(uint seven)
    {
        seven &= 127;
        return seven | (uint)(BitOperations.PopCount(seven) & 1) << 7;
    }
}
