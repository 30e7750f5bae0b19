namespace Tessera.Quant.Ggml.Numerics;

/// <summary>
/// ggml's search for the scale of a group around zero: tries eighteen scales near the one that gives the outermost value the lowest integer, fits
/// each to its integers by least squares weighted with the squares of the values, and keeps the best.
/// </summary>
/// <remarks>Float32 operations in the reference's order: any other changes bytes.</remarks>
internal static unsafe class SymmetricSearch
{
    /// <summary>Groups whose values are all smaller than this are zero.</summary>
    public const float Smallest = 1e-15f;

    private const int Trials = 9;
    private const float StepWidth = 0.1f;

    /// <summary>Writes the integers + <paramref name="zero"/>; values are about the returned scale · integer.</summary>
    public static float Find(float* values, int count, int zero, byte* quants)
    {
        float outermost = Extremes.Outermost(values, count);
        if (MathF.Abs(outermost) < Smallest)
        {
            new Span<byte>(quants, count).Clear();
            return 0;
        }

        float inverse = -zero / outermost;
        Fit(values, count, zero, inverse, out float product, out float square);
        Round(values, count, zero, inverse, quants);
        float scale = square != 0 ? product / square : 0;
        float best = scale * product;
        for (int trial = -Trials; trial <= Trials; trial++)
        {
            if (trial == 0)
                continue;
            inverse = -(zero + StepWidth * trial) / outermost;
            Fit(values, count, zero, inverse, out product, out square);
            if (!(square > 0 && product * product > best * square))
                continue;
            Round(values, count, zero, inverse, quants);
            scale = product / square;
            best = scale * product;
        }
        return scale;
    }

    private static void Fit(float* values, int count, int zero, float inverse, out float product, out float square)
    {
        product = square = 0;
        for (int i = 0; i < count; i++)
        {
            int integer = Nearest(values[i], inverse, zero);
            float weight = values[i] * values[i];
            product += weight * values[i] * integer;
            square += weight * integer * integer;
        }
    }

    private static void Round(float* values, int count, int zero, float inverse, byte* quants)
    {
        for (int i = 0; i < count; i++)
            quants[i] = (byte)(Nearest(values[i], inverse, zero) + zero);
    }

    private static int Nearest(float value, float inverse, int zero) => int.Clamp((int)MathF.Round(inverse * value), -zero, zero - 1);
}
