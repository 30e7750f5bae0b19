using System.Runtime.CompilerServices;

namespace Tessera.Quant.Fp8Nf4.Fp8;

/// <summary>One float of eight bits to and from float32.</summary>
internal static class Fp8Numbers<TFormat>
    where TFormat : struct, IFp8Format
{
    private const int SingleBias = 127;
    private const int SingleMantissa = 23;

    /// <summary>The value, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(byte bits)
    {
        int magnitude = bits & 0x7f, exponent = magnitude >> TFormat.MantissaBits, sign = (bits & 0x80) << 24;
        int single = (magnitude << SingleMantissa - TFormat.MantissaBits) + (SingleBias - TFormat.Bias << SingleMantissa);
        if (exponent == 0)
            single = BitConverter.SingleToInt32Bits(magnitude * Power(1 - TFormat.Bias - TFormat.MantissaBits));
        else if (magnitude > TFormat.Largest)
            single |= 0xff << SingleMantissa;
        return BitConverter.Int32BitsToSingle(single | sign);
    }

    /// <summary>The nearest float of eight bits, halfway the even one. What is too large for a finite one becomes the largest; an infinity stays one, or becomes NaN where there is none.</summary>
    public static byte FromSingle(float value)
    {
        int bits = BitConverter.SingleToInt32Bits(value), magnitude = bits & int.MaxValue, sign = bits >> 24 & 0x80;
        if (float.IsNaN(value))
            return (byte)(sign | 0x7f);
        if (float.IsInfinity(value))
            return (byte)(sign | TFormat.Infinity);
        int shift = SingleMantissa - TFormat.MantissaBits, code;
        if (MathF.Abs(value) < Power(1 - TFormat.Bias))
        {
            // Steps of the subnormals; rounding up to the first normal number gives its bits.
            code = (int)MathF.Round(MathF.Abs(value) * Power(TFormat.Bias - 1 + TFormat.MantissaBits), MidpointRounding.ToEven);
        }
        else
        {
            // Rounding the mantissa carries into the exponent.
            int rounded = magnitude + (1 << shift - 1) - 1 + (magnitude >> shift & 1) >> shift;
            code = int.Min(TFormat.Largest, rounded - (SingleBias - TFormat.Bias << TFormat.MantissaBits));
        }
        return (byte)(sign | code);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Power(int exponent) => BitConverter.Int32BitsToSingle(exponent + SingleBias << SingleMantissa);
}
