using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Quant.Common;

/// <summary>Exact half to float conversion of eight numbers by bits; the runtime offers no vector form of it.</summary>
/// <remarks>A subnormal m · 2^-24 becomes 2^-14 + m · 2^-24 by setting the exponent, and the subtraction of 2^-14 is exact. Infinities and NaNs need the exponent moved twice.</remarks>
internal static class HalfFloat
{
    private const int Rebias = 112 << 23;
    private const int FirstNormal = 1 << 23;
    private const int FirstInfinite = 31 << 23;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ToSingle(Vector256<int> halves)
    {
        Vector256<int> magnitude = (halves & Vector256.Create(0x7fff)) << 13, sign = (halves & Vector256.Create(0x8000)) << 16;
        Vector256<int> normal = magnitude + Vector256.Create(Rebias) + (Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(FirstInfinite)) & Vector256.Create(Rebias));
        Vector256<int> smallest = Vector256.Create(Rebias + FirstNormal);
        Vector256<int> subnormal = ((magnitude + smallest).AsSingle() - smallest.AsSingle()).AsInt32();
        return (Vector256.ConditionalSelect(Vector256.LessThan(magnitude, Vector256.Create(FirstNormal)), subnormal, normal) | sign).AsSingle();
    }
}
