namespace Tessera.Quant.Mx;

/// <summary>The scales' types.</summary>
internal static class SmallFloats
{
    /// <summary>2^(bits − 127), or NaN for 255.</summary>
    public static float E8M0(byte bits) => BitConverter.Int32BitsToSingle(bits switch { 0 => 1 << 22, 255 => 0x7fc00000, _ => bits << 23 });

    /// <summary>Four bits of exponent, three of mantissa; no infinities, NaN where all bits of the magnitude are set.</summary>
    public static float E4M3(byte bits)
    {
        int magnitude = bits & 0x7f;
        float value = magnitude switch
        {
            0x7f => float.NaN,
            < 8 => magnitude / 512f,
            _ => BitConverter.Int32BitsToSingle((magnitude << 20) + (120 << 23)),
        };
        return bits < 0x80 ? value : -value;
    }
}
