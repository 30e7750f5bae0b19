using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Quant.Common;

/// <summary>A little-endian stream of unsigned values of some bits, the first one in the lowest bits; little-endian words that follow each other are the same stream.</summary>
public static unsafe class BitStream
{
    // As far as what is unpacked together and used before the next is: so the memory works meanwhile. What lies behind the stream is asked for, never read.
    private const int Ahead = 16 << 10;

    /// <summary>One byte for each value.</summary>
    /// <param name="source">The stream, whose first value starts at a byte.</param>
    /// <param name="bits">1 to 8.</param>
    /// <param name="count">The number of values; their bits fill whole bytes.</param>
    /// <param name="destination">Room for <paramref name="count"/> bytes.</param>
    public static void Unpack(byte* source, int bits, long count, byte* destination)
    {
        if (bits == 8)
            Bytes(source, count, destination);
        else if (bits == 4)
            Nibbles(source, count, destination);
        else
            Eights(source, bits, count, destination);
    }

    /// <summary>The value at a place.</summary>
    public static int At(byte* source, int bits, long index)
    {
        long first = index * bits;
        byte* at = source + first / 8;
        int shift = (int)(first % 8), word = *at;
        if (shift + bits > 8)
            word |= at[1] << 8;
        return word >> shift & (1 << bits) - 1;
    }

    private static void Bytes(byte* source, long count, byte* destination)
    {
        if (Sse.IsSupported)
            for (long i = 0; i < count; i += 64)
                Sse.Prefetch1(source + i + Ahead);
        Buffer.MemoryCopy(source, destination, count, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Nibbles(byte* source, long count, byte* destination)
    {
        long i = 0;
        Vector256<byte> mask = Vector256.Create((byte)15);
        if (Avx2.IsSupported)
            for (; i <= count - 128; i += 128, source += 64, destination += 128)
            {
                Sse.Prefetch1(source + Ahead);
                Nibbles(Vector256.Load(source), mask, destination);
                Nibbles(Vector256.Load(source + 32), mask, destination + 64);
            }
        for (; i <= count - 32; i += 32, source += 16, destination += 32)
        {
            Vector128<byte> packed = Vector128.Load(source), low = packed & Vector128.Create((byte)15), high = (packed.AsUInt16() >> 4).AsByte() & Vector128.Create((byte)15);
            if (Sse2.IsSupported)
            {
                Sse2.UnpackLow(low, high).Store(destination);
                Sse2.UnpackHigh(low, high).Store(destination + 16);
            }
            else
            {
                // The low nibble comes first, in the lower byte.
                (Vector128.WidenLower(low) | Vector128.WidenLower(high) << 8).AsByte().Store(destination);
                (Vector128.WidenUpper(low) | Vector128.WidenUpper(high) << 8).AsByte().Store(destination + 16);
            }
        }
        for (; i < count; i += 2, source++, destination += 2)
            (destination[0], destination[1]) = ((byte)(*source & 15), (byte)(*source >> 4));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Nibbles(Vector256<byte> packed, Vector256<byte> mask, byte* destination)
    {
        Vector256<byte> low = packed & mask, high = (packed.AsUInt16() >> 4).AsByte() & mask;
        Vector256<byte> first = Avx2.UnpackLow(low, high), second = Avx2.UnpackHigh(low, high);
        Avx2.Permute2x128(first, second, 0x20).Store(destination);
        Avx2.Permute2x128(first, second, 0x31).Store(destination + 32);
    }

    // Eight values take as many bytes as each takes bits.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Eights(byte* source, int bits, long count, byte* destination)
    {
        ulong mask = 0x0101_0101_0101_0101UL * (ulong)((1 << bits) - 1);
        byte* end = source + count * bits / 8;
        long left = count;
        // 64 values at a time, as long as eight bytes may be read for the last of them.
        for (; left >= 64 && end - source >= 8 * bits + 8; left -= 64, source += 8 * bits, destination += 64)
        {
            if (Sse.IsSupported)
                Sse.Prefetch1(source + Ahead);
            for (int i = 0; i < 8; i++)
                ((ulong*)destination)[i] = Spread(Unsafe.ReadUnaligned<ulong>(source + i * bits), bits, mask);
        }
        for (; left >= 8; left -= 8, source += bits, destination += 8)
            *(ulong*)destination = Spread(end - source >= 8 ? Unsafe.ReadUnaligned<ulong>(source) : Last(source, end - source), bits, mask);
        byte* rest = destination;
        for (int i = 0; i < count % 8; i++)
            rest[i] = (byte)At(source, bits, i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Spread(ulong packed, int bits, ulong mask)
    {
        if (Bmi2.X64.IsSupported)
            return Bmi2.X64.ParallelBitDeposit(packed, mask);
        ulong spread = 0;
        for (int i = 0; i < 8; i++)
            spread |= (packed >> i * bits & (1UL << bits) - 1) << 8 * i;
        return spread;
    }

    private static ulong Last(byte* source, long count)
    {
        ulong word = 0;
        for (int i = 0; i < count; i++)
            word |= (ulong)source[i] << 8 * i;
        return word;
    }
}
