using System.Runtime.CompilerServices;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>Products of two columns of nibbles with two activations: the columns are interleaved byte by byte, so that an element of 16 bits is one row's sum of both.</summary>
internal static class ColumnPairs<TSimd, TInt, TFloat>
    where TSimd : struct, ISimd<TInt, TFloat>
    where TInt : struct
    where TFloat : struct
{
    /// <summary>Adds the products of a vector of each column; a vector of sums has of each 128 bits of theirs the low or the high nibbles of the first or the second eight bytes.</summary>
    /// <param name="first">A column.</param>
    /// <param name="second">Another.</param>
    /// <param name="quants">Their activations in turn, within ±127.</param>
    /// <param name="low">Low nibbles of the first bytes.</param>
    /// <param name="lowHigh">Their high nibbles.</param>
    /// <param name="high">Low nibbles of the second bytes.</param>
    /// <param name="highHigh">Their high nibbles.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(TInt first, TInt second, TInt quants, ref TInt low, ref TInt lowHigh, ref TInt high, ref TInt highHigh)
    {
        TInt lows = TSimd.UnpackLowBytes(first, second), highs = TSimd.UnpackHighBytes(first, second);
        low = TSimd.AddShorts(low, TSimd.ByteDot(TSimd.LowNibbles(lows), quants));
        lowHigh = TSimd.AddShorts(lowHigh, TSimd.ByteDot(TSimd.HighNibbles(lows), quants));
        high = TSimd.AddShorts(high, TSimd.ByteDot(TSimd.LowNibbles(highs), quants));
        highHigh = TSimd.AddShorts(highHigh, TSimd.ByteDot(TSimd.HighNibbles(highs), quants));
    }

    /// <summary>Stores four vectors of sums behind each other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store(TInt first, TInt second, TInt third, TInt fourth, short* sums)
    {
        TSimd.Store(first, (byte*)sums);
        TSimd.Store(second, (byte*)(sums + 2 * TSimd.Width));
        TSimd.Store(third, (byte*)(sums + 4 * TSimd.Width));
        TSimd.Store(fourth, (byte*)(sums + 6 * TSimd.Width));
    }
}
