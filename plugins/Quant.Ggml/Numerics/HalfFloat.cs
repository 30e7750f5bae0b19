using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Quant.Ggml.Numerics;

/// <summary>Exact half to float conversion by bits; the runtime offers no vector form of it.</summary>
/// <remarks>
/// With the magnitude's bits moved to a float's place, a normal number is 112 exponents too small. A subnormal m · 2^-24 becomes
/// 2^-14 + m · 2^-24 by setting the exponent, and the subtraction of 2^-14 is exact. Infinities and NaNs need the exponent moved twice.
/// </remarks>
internal static class HalfFloat
{
    private const int Rebias = 112 << 23;
    private const int SmallestNormal = 113 << 23;
    private const int FirstNormal = 1 << 23;
    private const int FirstInfinite = 31 << 23;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(ushort half)
    {
        int magnitude = (half & 0x7fff) << 13;
        int bits = magnitude + Rebias;
        if (magnitude < FirstNormal)
            bits = BitConverter.SingleToInt32Bits(
                BitConverter.Int32BitsToSingle(magnitude + SmallestNormal) - BitConverter.Int32BitsToSingle(SmallestNormal));
        else if (magnitude >= FirstInfinite)
            bits += Rebias;
        return BitConverter.Int32BitsToSingle(bits | (half & 0x8000) << 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ToSingle(Vector256<int> halves)
    {
        Vector256<int> magnitude = (halves & Vector256.Create(0x7fff)) << 13;
        Vector256<int> sign = (halves & Vector256.Create(0x8000)) << 16;
        Vector256<int> normal = magnitude + Vector256.Create(Rebias)
            + (Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(FirstInfinite)) & Vector256.Create(Rebias));
        Vector256<int> subnormal = ((magnitude + Vector256.Create(SmallestNormal)).AsSingle() - Vector256.Create(SmallestNormal).AsSingle()).AsInt32();
        return (Vector256.ConditionalSelect(Vector256.LessThan(magnitude, Vector256.Create(FirstNormal)), subnormal, normal) | sign).AsSingle();
    }
}
