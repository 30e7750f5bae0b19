using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Ops;

/// <summary>Exact conversions between float32 and IEEE half precision by integer arithmetic: .NET exposes no F16C.</summary>
internal static unsafe class Halves
{
    // 2^112.
    private const float Scale = 5.192296858534828e33f;

    /// <summary>Widens 8 halves; subnormals, infinities and NaN included.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Widen(ushort* source) => Rebias(InPlace8(source));

    /// <summary>Widens 8 halves that stand in the upper parts of 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> WidenPlaced(Vector256<int> halves) => Rebias(halves >> 3 & Vector256.Create(unchecked((int)0x8fffe000)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Rebias(Vector256<int> bits)
    {
        // The exponents' biases differ by 112; the multiplication also normalizes subnormals.
        Vector256<int> value = (bits.AsSingle() * Scale).AsInt32();
        Vector256<int> exponent = Vector256.Create(0x0f800000);
        Vector256<int> special = Vector256.Equals(bits & exponent, exponent) & Vector256.Create(0x7f800000);
        return (value | special).AsSingle();
    }

    /// <summary>Widens 16 halves; subnormals, infinities and NaN included. Needs AVX-512.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Widen16(ushort* source)
    {
        Vector512<int> bits = InPlace(source), exponent = Vector512.Create(0x0f800000);
        Vector512<int> value = (bits.AsSingle() * Vector512.Create(Scale)).AsInt32();
        return (value | Vector512.Equals(bits & exponent, exponent) & Vector512.Create(0x7f800000)).AsSingle();
    }

    /// <summary>As <see cref="Widen16"/> for halves that are all finite: infinities and NaN become numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> WidenFinite16(ushort* source) => InPlace(source).AsSingle() * Vector512.Create(Scale);

    /// <summary>As <see cref="Widen"/> for halves that are all finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> WidenFinite(ushort* source) => InPlace8(source).AsSingle() * Vector256.Create(Scale);

    /// <summary>Rounds 8 floats to the nearest half, ties to even; too large becomes infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> Narrow(Vector256<float> x)
    {
        Vector256<int> bits = x.AsInt32();
        Vector256<int> magnitude = bits & Vector256.Create(0x7fffffff);
        Vector256<int> sign = Vector256.ShiftRightLogical(bits, 16) & Vector256.Create(0x8000);
        // Normal: rebias, then round at bit 13.
        Vector256<int> odd = Vector256.ShiftRightLogical(magnitude, 13) & Vector256<int>.One;
        Vector256<int> normal = Vector256.ShiftRightLogical(magnitude - Vector256.Create((112 << 23) - 0xfff) + odd, 13);
        // Subnormal: adding 1/2 leaves the half's bits at the bottom of the sum, rounded by the addition.
        Vector256<int> small = (magnitude.AsSingle() + Vector256.Create(0.5f)).AsInt32() - Vector256.Create(0x3f000000);
        Vector256<int> infinite = Vector256.Create(0x7c00);
        Vector256<int> result = Vector256.ConditionalSelect(Vector256.LessThan(magnitude, Vector256.Create(113 << 23)), small, normal);
        result = Vector256.ConditionalSelect(Vector256.GreaterThan(magnitude, Vector256.Create((143 << 23) - 1)), infinite, result);
        result = Vector256.ConditionalSelect(Vector256.GreaterThan(magnitude, Vector256.Create(0x7f800000)), Vector256.Create(0x7e00), result);
        result |= sign;
        return Vector128.Narrow(result.GetLower().AsUInt32(), result.GetUpper().AsUInt32());
    }

    // Sign-extended, so that a shift and one mask leave the sign, the exponent and the mantissa in their places.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> InPlace8(ushort* source)
    {
        Vector256<int> bits = Avx2.IsSupported
            ? Avx2.ConvertToVector256Int32((short*)source)
            : Vector256.Create(Vector128.WidenLower(Vector128.Load((short*)source)), Vector128.WidenUpper(Vector128.Load((short*)source)));
        return Vector256.ShiftLeft(bits, 13) & Vector256.Create(unchecked((int)0x8fffe000));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> InPlace(ushort* source) =>
        Vector512.ShiftLeft(Avx512F.ConvertToVector512Int32(Vector256.Load((short*)source)), 13) & Vector512.Create(unchecked((int)0x8fffe000));
}
