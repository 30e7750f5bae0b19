namespace Tessera.Quant.Ggml.Numerics;

/// <summary>What the reference quantizers ask of a block of values.</summary>
internal static unsafe class Extremes
{
    /// <summary>The first value with the largest magnitude, sign kept; 0 for a block of zeros.</summary>
    public static float Outermost(float* values, int count)
    {
        float magnitude = 0, outermost = 0;
        for (int i = 0; i < count; i++)
        {
            if (MathF.Abs(values[i]) <= magnitude)
                continue;
            magnitude = MathF.Abs(values[i]);
            outermost = values[i];
        }
        return outermost;
    }

    /// <summary>The least and the greatest value.</summary>
    public static (float Least, float Greatest) Range(float* values, int count)
    {
        float least = values[0], greatest = values[0];
        for (int i = 1; i < count; i++)
        {
            if (values[i] < least)
                least = values[i];
            if (values[i] > greatest)
                greatest = values[i];
        }
        return (least, greatest);
    }

    /// <summary>1 / scale; 0 for 0.</summary>
    public static float Inverse(float scale) => scale != 0 ? 1 / scale : 0;

    /// <summary>The bits of the nearest half.</summary>
    public static ushort HalfBits(float value) => BitConverter.HalfToUInt16Bits((Half)value);
}
