using System.Runtime.CompilerServices;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>Sums of 32 products that are held in 16 bits.</summary>
/// <remarks>
/// Such a sum is that of weights less 8, which is within 8 · 127 · 32, above 2^15; that it wraps around meanwhile does no harm. What these eights and 2^15 come to is put right at the end.
/// </remarks>
internal readonly unsafe struct HeldSums<TSimd, TInt, TFloat>
    where TSimd : struct, ISimd<TInt, TFloat>
    where TInt : struct
    where TFloat : struct
{
    private const int Middle = 8, Above = 1 << 15;

    // A float of this exponent has an integer in its low bits.
    private const float Integers = 1 << 23;
    private const int IntegerShorts = 0x4B004B00;

    private readonly TInt _integers;
    private readonly TFloat _apart;

    /// <summary>Sums of products with some activations.</summary>
    /// <param name="quants">The sum of these.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public HeldSums(int quants)
    {
        float apart = Middle * quants - Above - Integers;
        int integers = IntegerShorts;
        (_apart, _integers) = (TSimd.Broadcast(&apart), TSimd.Broadcast((byte*)&integers));
    }

    /// <summary>What the products are added to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TInt Start(int quants)
    {
        short start = (short)(Above - Middle * quants);
        return TSimd.BroadcastPair((sbyte*)&start);
    }

    /// <summary>The sums of the first four shorts of each 128 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloat Low(TInt held) => TSimd.Add(TSimd.AsFloat(TSimd.UnpackLowShorts(held, _integers)), _apart);

    /// <summary>The sums of the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloat High(TInt held) => TSimd.Add(TSimd.AsFloat(TSimd.UnpackHighShorts(held, _integers)), _apart);
}
