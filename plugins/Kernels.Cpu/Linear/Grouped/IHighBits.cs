using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Linear.Grouped;

/// <summary>The highest bits of four elements in each of eight groups; a type argument, so that the calls vanish.</summary>
internal interface IHighBits
{
    /// <summary>Bits of an element that are apart from the others: 0 or 1.</summary>
    static abstract int Bits { get; }

    /// <summary>A byte for each element, whose bit <paramref name="place"/> is the element's highest; the others are anything.</summary>
    /// <param name="numbers">The groups' numbers of 32 bits.</param>
    /// <param name="four">The elements: <c>4 · four</c> and the next three.</param>
    /// <param name="place">2 or 4.</param>
    static abstract Vector256<byte> Of(Vector256<byte> numbers, int four, int place);
}

/// <summary>Types of two and four bits have none.</summary>
internal readonly struct NoHighBits : IHighBits
{
    public static int Bits => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Of(Vector256<byte> numbers, int four, int place) => default;
}

/// <summary>With AVX2: each byte gets the one that holds its bit, and keeps that bit alone.</summary>
internal readonly struct ComparedBits : IHighBits
{
    public static int Bits => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Of(Vector256<byte> numbers, int four, int place)
    {
        Vector256<byte> bit = Vector256.Create(four % 2 == 0 ? 0x08040201u : 0x80402010).AsByte();
        Vector256<byte> quad = Vector256.Create(Vector128.Create(0x00000000u, 0x04040404, 0x08080808, 0x0C0C0C0C) + Vector128.Create((uint)(four / 2) * 0x01010101)).AsByte();
        return Vector256.Equals(Avx2.Shuffle(numbers, quad) & bit, bit);
    }
}

/// <summary>With AVX-512 VBMI: of the numbers of two groups, a byte begins with the bits below the element's.</summary>
internal readonly struct ShiftedBits : IHighBits
{
    public static int Bits => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Of(Vector256<byte> numbers, int four, int place)
    {
        Vector256<byte> begins = Vector256.Create(0x2322212003020100UL).AsByte() + Vector256.Create((byte)(4 * four - place));
        return Avx512Vbmi.VL.MultiShift(begins, numbers.AsUInt64());
    }
}
