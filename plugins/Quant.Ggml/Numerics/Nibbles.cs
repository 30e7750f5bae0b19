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
    public static Vector128<byte> FifthBits(ushort bits)
    {
        Vector128<byte> spread = Vector128.Shuffle(Vector128.Create(bits).AsByte(), Vector128.Create((byte)0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1));
        Vector128<byte> select = Vector128.Create(0x8040201008040201ul).AsByte();
        return Vector128.Equals(spread & select, select) & Vector128.Create((byte)16);
    }
}
