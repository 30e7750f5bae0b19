using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Linear.Grouped;

/// <summary>How the low bits of eight groups are turned and multiplied; a type argument, so that the calls vanish.</summary>
internal interface ILowBits
{
    /// <summary>Low bits of an element.</summary>
    static abstract int Bits { get; }
}

/// <summary>Two bits: eight bytes stand in the first half of each group's sixteen.</summary>
internal readonly unsafe struct Pairs : ILowBits
{
    public static int Bits => 2;

    /// <summary>Eight groups' sums of products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Products<THigh>(Vector256<uint> h0, Vector256<uint> h1, Vector256<uint> h2, Vector256<uint> h3, Vector256<byte> numbers, byte* turned)
        where THigh : struct, IHighBits
    {
        Vector256<ulong> low01 = Avx2.UnpackLow(h0, h1).AsUInt64(), low23 = Avx2.UnpackLow(h2, h3).AsUInt64();
        Vector256<uint> a = Avx2.UnpackLow(low01, low23).AsUInt32(), b = Avx2.UnpackHigh(low01, low23).AsUInt32();
        Vector256<short> first = LowBits.Product<Pairs, THigh>(a, numbers, 0, turned) + LowBits.Product<Pairs, THigh>(b, numbers, 1, turned)
            + (LowBits.Product<Pairs, THigh>(a >> 2, numbers, 2, turned) + LowBits.Product<Pairs, THigh>(b >> 2, numbers, 3, turned));
        Vector256<short> second = LowBits.Product<Pairs, THigh>(a >> 4, numbers, 4, turned) + LowBits.Product<Pairs, THigh>(b >> 4, numbers, 5, turned)
            + (LowBits.Product<Pairs, THigh>(a >> 6, numbers, 6, turned) + LowBits.Product<Pairs, THigh>(b >> 6, numbers, 7, turned));
        return LowBits.Sum<Pairs, THigh>(first, second);
    }
}

/// <summary>Four bits: sixteen bytes.</summary>
internal readonly unsafe struct Nibbles : ILowBits
{
    public static int Bits => 4;

    /// <summary>Eight groups' sums of products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Products<THigh>(byte* low, nint bytes, Vector256<byte> numbers, byte* turned)
        where THigh : struct, IHighBits
    {
        Vector256<uint> l0 = LowBits.Two(low, bytes).AsUInt32(), l1 = LowBits.Two(low + bytes, bytes).AsUInt32(), l2 = LowBits.Two(low + 2 * bytes, bytes).AsUInt32(), l3 = LowBits.Two(low + 3 * bytes, bytes).AsUInt32();
        Vector256<ulong> ab01 = Avx2.UnpackLow(l0, l1).AsUInt64(), ab23 = Avx2.UnpackLow(l2, l3).AsUInt64(), cd01 = Avx2.UnpackHigh(l0, l1).AsUInt64(), cd23 = Avx2.UnpackHigh(l2, l3).AsUInt64();
        Vector256<uint> a = Avx2.UnpackLow(ab01, ab23).AsUInt32(), b = Avx2.UnpackHigh(ab01, ab23).AsUInt32(), c = Avx2.UnpackLow(cd01, cd23).AsUInt32(), d = Avx2.UnpackHigh(cd01, cd23).AsUInt32();
        Vector256<short> first = LowBits.Product<Nibbles, THigh>(a, numbers, 0, turned) + LowBits.Product<Nibbles, THigh>(b, numbers, 1, turned)
            + (LowBits.Product<Nibbles, THigh>(c, numbers, 2, turned) + LowBits.Product<Nibbles, THigh>(d, numbers, 3, turned));
        Vector256<short> second = LowBits.Product<Nibbles, THigh>(a >> 4, numbers, 4, turned) + LowBits.Product<Nibbles, THigh>(b >> 4, numbers, 5, turned)
            + (LowBits.Product<Nibbles, THigh>(c >> 4, numbers, 6, turned) + LowBits.Product<Nibbles, THigh>(d >> 4, numbers, 7, turned));
        return LowBits.Sum<Nibbles, THigh>(first, second);
    }
}

/// <summary>What both have in common.</summary>
internal static unsafe class LowBits
{
    /// <summary>Sixteen bytes of a group and of the fourth after it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Two(byte* first, nint bytes) => Vector256.Create(Vector128.Load(first), Vector128.Load(first + 4 * bytes));

    /// <summary>The products of four elements in each of eight groups, in two sums of 16 bits each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Product<TLow, THigh>(Vector256<uint> low, Vector256<byte> numbers, int four, byte* turned)
        where TLow : struct, ILowBits
        where THigh : struct, IHighBits
    {
        Vector256<byte> values = low.AsByte() & Vector256.Create((byte)((1 << TLow.Bits) - 1));
        if (THigh.Bits > 0)
            values |= THigh.Of(numbers, four, TLow.Bits) & Vector256.Create((byte)(1 << TLow.Bits));
        return Avx2.MultiplyAddAdjacent(values, Vector256.Load((sbyte*)turned + four * 32));
    }

    /// <summary>Sixteen elements' products of five bits are what 16 bits hold, of fewer bits 32 elements'.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Sum<TLow, THigh>(Vector256<short> first, Vector256<short> second)
        where TLow : struct, ILowBits
        where THigh : struct, IHighBits
    {
        Vector256<short> one = Vector256.Create((short)1);
        return TLow.Bits + THigh.Bits <= 4 ? Avx2.MultiplyAddAdjacent(first + second, one) : Avx2.MultiplyAddAdjacent(first, one) + Avx2.MultiplyAddAdjacent(second, one);
    }
}
