using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Tiles;

/// <summary>Rounding of values that stand by features, eight activation rows at a time: what every row has of a group is one lane. Bit for bit what rows are rounded to.</summary>
internal static unsafe class FeatureRounding
{
    // Smaller groups become zero: the inverse of their scale would overflow.
    private const float SmallestMaximum = 1e-30f;

    /// <summary>The scales of a group, their inverses, and all ones where the group is rounded to anything but zeros.</summary>
    /// <param name="x">The group's first feature.</param>
    /// <param name="features">Their number.</param>
    /// <param name="width">Floats from one feature to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<float> Scale, Vector256<float> Inverse, Vector256<int> Rounded) Scales(float* x, int features, int width)
    {
        // Bits of |x| order as integers, with NaN above all.
        Vector256<int> magnitude = Vector256.Create(int.MaxValue), most = default;
        for (int i = 0; i < features; i++, x += width)
            most = Avx2.Max(most, Vector256.Load((int*)x) & magnitude);
        Vector256<float> maximum = most.AsSingle();
        Vector256<int> small = Vector256.LessThan(maximum, Vector256.Create(SmallestMaximum)).AsInt32();
        Vector256<int> rounded = ~small & Vector256.LessThanOrEqual(maximum, Vector256.Create(float.MaxValue)).AsInt32();
        Vector256<float> scale = Vector256.AndNot(maximum / 127, small.AsSingle());
        return (scale, Vector256.Create(127f) / maximum, rounded);
    }

    /// <summary>Four features of a row as signed bytes, the first one lowest, and their sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Four(float* x, int width, Vector256<float> inverse, Vector256<int> rounded, out Vector256<int> sum)
    {
        Vector256<int> a = One(x, inverse, rounded), b = One(x + width, inverse, rounded), c = One(x + 2 * width, inverse, rounded), d = One(x + 3 * width, inverse, rounded);
        sum = a + b + (c + d);
        Vector256<int> low = Vector256.Create(0xFF);
        return (a & low) | ((b & low) << 8) | ((c & low) << 16) | (d << 24);
    }

    /// <summary>Two sums as shorts, the first one lower.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Shorts(Vector256<int> first, Vector256<int> second) => (first & Vector256.Create(0xFFFF)) | (second << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> One(float* x, Vector256<float> inverse, Vector256<int> rounded) => Avx.ConvertToVector256Int32(Vector256.Load(x) * inverse) & rounded;
}
