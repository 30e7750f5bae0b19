using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.Numerics;

/// <summary>Exact half to float conversion by bits, without branches; halves stand in the low 16 bits, and the rest is ignored.</summary>
/// <remarks>
/// With the magnitude's bits moved to a float's place, a normal number is 112 exponents too small. A subnormal m · 2^-24 becomes
/// 2^-14 + m · 2^-24 by setting the exponent, and the subtraction of 2^-14 is exact. Infinities and NaNs need the exponent moved twice.
/// </remarks>
internal static class HalfFloat
{
    private const int Rebias = 112 << 23;
    private const int SmallestNormal = 113 << 23;
    private const int FirstNormal = 1 << 23;
    private const int LastFinite = (31 << 23) - 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(ushort half) => ToSingle(Vector128.CreateScalar((int)half)).ToScalar();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ToSingle(Vector128<int> halves)
    {
        Vector128<int> magnitude = (halves & Vector128.Create(0x7fff)) << 13;
        Vector128<int> sign = (halves & Vector128.Create(0x8000)) << 16;
        Vector128<int> normal = magnitude + Vector128.Create(Rebias)
            + (Vector128.GreaterThan(magnitude, Vector128.Create(LastFinite)) & Vector128.Create(Rebias));
        Vector128<int> subnormal = ((magnitude + Vector128.Create(SmallestNormal)).AsSingle() - Vector128.Create(SmallestNormal).AsSingle()).AsInt32();
        return (Vector128.ConditionalSelect(Vector128.GreaterThan(Vector128.Create(FirstNormal), magnitude), subnormal, normal) | sign).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ToSingle(Vector256<int> halves)
    {
        Vector256<int> magnitude = (halves & Vector256.Create(0x7fff)) << 13;
        Vector256<int> sign = (halves & Vector256.Create(0x8000)) << 16;
        Vector256<int> normal = magnitude + Vector256.Create(Rebias)
            + (Vector256.GreaterThan(magnitude, Vector256.Create(LastFinite)) & Vector256.Create(Rebias));
        Vector256<int> subnormal = ((magnitude + Vector256.Create(SmallestNormal)).AsSingle() - Vector256.Create(SmallestNormal).AsSingle()).AsInt32();
        return (Vector256.ConditionalSelect(Vector256.GreaterThan(Vector256.Create(FirstNormal), magnitude), subnormal, normal) | sign).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ToSingle(Vector512<int> halves)
    {
        Vector512<int> magnitude = (halves & Vector512.Create(0x7fff)) << 13;
        Vector512<int> sign = (halves & Vector512.Create(0x8000)) << 16;
        Vector512<int> normal = magnitude + Vector512.Create(Rebias)
            + (Vector512.GreaterThan(magnitude, Vector512.Create(LastFinite)) & Vector512.Create(Rebias));
        Vector512<int> subnormal = ((magnitude + Vector512.Create(SmallestNormal)).AsSingle() - Vector512.Create(SmallestNormal).AsSingle()).AsInt32();
        return (Vector512.ConditionalSelect(Vector512.GreaterThan(Vector512.Create(FirstNormal), magnitude), subnormal, normal) | sign).AsSingle();
    }
}
