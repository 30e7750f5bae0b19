using System.Runtime.CompilerServices;

namespace Tessera.Quant.Ggml.Numerics;

/// <summary>The 8-bit floats that serve as scales. Both count half their value, since <see cref="Codebooks.Fp4Levels"/> are doubled.</summary>
internal static class SmallFloats
{
    private const int Bias = 127;
    private const int MantissaBits = 23;
    private const int E4M3Largest = 0x7e;
    private const int E4M3NaN = 0x7f;

    /// <summary>Half of the power of two of an E8M0 exponent: 2^(exponent − 128).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float HalfOfE8M0(byte exponent) =>
        // 2^-128 and 2^-127 are subnormal.
        BitConverter.Int32BitsToSingle(exponent < 2 ? 1 << MantissaBits - 2 + exponent : exponent - 1 << MantissaBits);

    /// <summary>Half of an unsigned E4M3 float; 0 for NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float HalfOfE4M3(byte bits)
    {
        int exponent = bits >> 3 & 15, mantissa = bits & 7;
        if (bits == E4M3NaN)
            return 0;
        if (exponent == 0)
            return mantissa * (1f / 1024);
        return (mantissa + 8) * BitConverter.Int32BitsToSingle(exponent - 11 + Bias << MantissaBits);
    }

    /// <summary>The unsigned E4M3 float of a value as ggml rounds: halves up; subnormals stay subnormal; what rounds to 256 or more becomes the largest, 448.</summary>
    public static byte ToE4M3(float value)
    {
        const float smallestNormal = 1f / 64, subnormal = 1f / 512;
        if (!(value > 0))
            return 0;
        if (value < smallestNormal)
            return (byte)int.Min(7, (int)(value / subnormal + 0.5f));
        // Rounding the mantissa to three bits carries into the exponent.
        int rounded = (BitConverter.SingleToInt32Bits(value) + (1 << 19) >> 20) - (Bias - 7 << 3);
        return (byte)(rounded >= 15 << 3 ? E4M3Largest : rounded);
    }
}
