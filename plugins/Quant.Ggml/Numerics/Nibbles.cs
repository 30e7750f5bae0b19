using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Quant.Ggml.Numerics;

/// <summary>Parts of packed bytes, sixteen at a time.</summary>
internal static class Nibbles
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Low(Vector128<byte> packed) => packed & Vector128.Create((byte)15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> High(Vector128<byte> packed) => (packed.AsUInt16() >> 4).AsByte() & Vector128.Create((byte)15);

    /// <summary>The bits <paramref name="shift"/> and up of every byte, masked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Bits(Vector128<byte> packed, int shift, byte mask) => (packed.AsUInt16() >> shift).AsByte() & Vector128.Create(mask);

    /// <summary>Sixteen bits as bytes: 16 where the bit is set, else 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> FifthBits(ushort bits) => Mask(bits) & Vector128.Create((byte)16);

    /// <summary>Sixteen bits as bytes: 255 where the bit is set, else 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Mask(ushort bits)
    {
        Vector128<byte> spread = Vector128.Shuffle(Vector128.Create(bits).AsByte(), Vector128.Create((byte)0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1));
        Vector128<byte> select = Vector128.Create(0x8040201008040201ul).AsByte();
        return Vector128.Equals(spread & select, select);
    }

    /// <summary>Eight times two bits, lowest first, to a byte each: <paramref name="first"/>, then <paramref name="second"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> SpreadTwoBits(ushort first, ushort second)
    {
        Vector128<ulong> bits = Vector128.Create(first, (ulong)second);
        bits = (bits | bits << 24) & Vector128.Create(0x000000ff_000000fful);
        bits = (bits | bits << 12) & Vector128.Create(0x000f000f_000f000ful);
        bits = (bits | bits << 6) & Vector128.Create(0x03030303_03030303ul);
        return bits.AsByte();
    }

    /// <summary>Eight nibbles, lowest first, to a byte each: <paramref name="first"/>, then <paramref name="second"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Spread(uint first, uint second)
    {
        Vector128<ulong> bits = Vector128.Create(first, (ulong)second);
        bits = (bits | bits << 16) & Vector128.Create(0x0000ffff_0000fffful);
        bits = (bits | bits << 8) & Vector128.Create(0x00ff00ff_00ff00fful);
        bits = (bits | bits << 4) & Vector128.Create(0x0f0f0f0f_0f0f0f0ful);
        return bits.AsByte();
    }
}
