using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Abstractions.Quantization;

/// <summary>
/// What an <see cref="IAffineUnpack.Unpack"/> is made of, with whatever vectors the processor has: brings groups of 32 elements that stand at even distances in memory to bytes, and their scales to floats. Only bytes between the first group's first and the last one's
/// last are read.
/// </summary>
public static unsafe partial class GroupUnpack
{
    private const int Group = 32, Together = 8;

    // 2 to the power of 112: a float16's exponent, moved to a float's place, is that much too small.
    private const uint Rebias = 0x7780_0000;

    /// <summary>Two bits for each element: byte i of eight has the elements i, i + 8, i + 16 and i + 24, from its lowest bits on.</summary>
    /// <param name="packed">The first group's eight bytes.</param>
    /// <param name="stride">Bytes from a group to the next.</param>
    /// <param name="groups">The number of groups.</param>
    /// <param name="values">A byte for each element.</param>
    public static void TwoBits(byte* packed, int stride, int groups, byte* values) => Unpack<Pairs>(packed, null, stride, groups, values);

    /// <summary>Three bits: two as <see cref="TwoBits"/> has them, and apart from them the highest, bit e of a little-endian number of 32 bits that of element e.</summary>
    /// <param name="low">The first group's eight bytes.</param>
    /// <param name="high">The first group's number.</param>
    /// <param name="stride">Bytes from a group to the next.</param>
    /// <param name="groups">The number of groups.</param>
    /// <param name="values">A byte for each element.</param>
    public static void ThreeBits(byte* low, byte* high, int stride, int groups, byte* values) => Unpack<Pairs>(low, high, stride, groups, values);

    /// <summary>Four bits: byte i of sixteen has the elements i and i + 16, the former in its low half.</summary>
    /// <param name="packed">The first group's sixteen bytes.</param>
    /// <param name="stride">Bytes from a group to the next.</param>
    /// <param name="groups">The number of groups.</param>
    /// <param name="values">A byte for each element.</param>
    public static void FourBits(byte* packed, int stride, int groups, byte* values) => Unpack<Nibbles>(packed, null, stride, groups, values);

    /// <summary>Five bits: four as <see cref="FourBits"/> has them, and the highest as <see cref="ThreeBits"/> has it.</summary>
    /// <param name="low">The first group's sixteen bytes.</param>
    /// <param name="high">The first group's number.</param>
    /// <param name="stride">Bytes from a group to the next.</param>
    /// <param name="groups">The number of groups.</param>
    /// <param name="values">A byte for each element.</param>
    public static void FiveBits(byte* low, byte* high, int stride, int groups, byte* values) => Unpack<Nibbles>(low, high, stride, groups, values);

    /// <summary>Scales that are stored as float16.</summary>
    /// <param name="first">The first group's scale.</param>
    /// <param name="stride">Bytes from a group to the next.</param>
    /// <param name="groups">The number of groups.</param>
    /// <param name="scales">A float for each group.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Halves(byte* first, int stride, int groups, float* scales)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, sizeof(ushort));
        int group = 0;
        if (Avx2.IsSupported)
            for (; group <= groups - Together; group += Together, first += (nint)Together * stride)
                EightHalves(first, stride).Store(scales + group);
        for (; group < groups; group++, first += stride)
            scales[group] = (float)Unsafe.ReadUnaligned<Half>(first);
    }

    /// <summary>The minimums of a type whose values are scale · (q − zero).</summary>
    /// <param name="scales">The groups' scales.</param>
    /// <param name="groups">The number of groups.</param>
    /// <param name="zero">The same for all groups.</param>
    /// <param name="minimums">A float for each group.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Minimums(float* scales, int groups, float zero, float* minimums)
    {
        int group = 0;
        for (; group <= groups - Together; group += Together)
            (Vector256.Load(scales + group) * zero).Store(minimums + group);
        for (; group < groups; group++)
            minimums[group] = scales[group] * zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Unpack<TLow>(byte* low, byte* high, int stride, int groups, byte* values)
        where TLow : struct, ILowBits
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        int group = Avx512Vbmi.IsSupported ? Fours<TLow>(low, high, stride, groups, values) : 0;
        low += (nint)group * stride;
        values += (nint)group * Group;
        if (high == null)
        {
            for (; group < groups; group++, low += stride, values += Group)
                TLow.Values(low).Store(values);
            return;
        }
        high += (nint)group * stride;
        for (; group < groups; group++, low += stride, high += stride, values += Group)
            (TLow.Values(low) | (Bits(high) & Vector256.Create((byte)(1 << TLow.Bits)))).Store(values);
    }

    // All ones where the element's bit is set: each byte gets the one of the four that holds it, and keeps that bit alone.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Bits(byte* high)
    {
        Vector256<byte> four = Vector256.Create(Unsafe.ReadUnaligned<uint>(high)).AsByte(), places = Vector256.Create(0UL, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303).AsByte();
        Vector256<byte> spread = Avx2.IsSupported ? Avx2.Shuffle(four, places) : Vector256.Shuffle(four, places);
        Vector256<byte> bit = Vector256.Create(0x8040201008040201UL).AsByte();
        return Vector256.Equals(spread & bit, bit);
    }

    // The vector that is read 2 · i bytes before half i has it in place i.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> EightHalves(byte* first, nint stride)
    {
        nint step = stride - sizeof(ushort);
        Vector128<ushort> h01 = Sse41.Blend(Vector128.Load((ushort*)first), Vector128.Load((ushort*)(first + step)), 1 << 1);
        Vector128<ushort> h23 = Sse41.Blend(Vector128.Load((ushort*)(first + 2 * step)), Vector128.Load((ushort*)(first + 3 * step)), 1 << 3);
        Vector128<ushort> h45 = Sse41.Blend(Vector128.Load((ushort*)(first + 4 * step)), Vector128.Load((ushort*)(first + 5 * step)), 1 << 5);
        Vector128<ushort> h67 = Sse41.Blend(Vector128.Load((ushort*)(first + 6 * step)), Vector128.Load((ushort*)(first + 7 * step)), 1 << 7);
        Vector128<ushort> halves = Sse41.Blend(Sse41.Blend(h01, h23, 0b0000_1100), Sse41.Blend(h45, h67, 0b1100_0000), 0b1111_0000);
        // The sign is spread over the bits above the exponent, so that it is in place too.
        Vector256<int> bits = Avx2.ConvertToVector256Int32(halves.AsInt16()) << 13, magnitude = bits & Vector256.Create(0x0FFF_E000);
        Vector256<float> value = (bits & Vector256.Create(unchecked((int)0x8FFF_E000))).AsSingle() * Vector256.Create(Rebias).AsSingle();
        // Infinities and NaN get the exponent that means them.
        Vector256<int> highest = Avx2.CompareGreaterThan(magnitude, Vector256.Create(0x0F7F_FFFF)) & Vector256.Create(0x7F80_0000);
        return (value.AsInt32() | highest).AsSingle();
    }
}
