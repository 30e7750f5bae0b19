using Tessera.Quant.Ggml.Codebooks;

namespace Tessera.Quant.Ggml.Numerics;

/// <summary>ggml's search for the scale of 32 values of IQ4_NL or IQ4_XS: fits scales to levels by least squares weighted with the squares of the values.</summary>
/// <remarks>Float32 operations in the reference's order: any other changes bytes.</remarks>
internal static unsafe class LevelSearch
{
    /// <summary>Values in a group.</summary>
    public const int Count = 32;

    private const int Trials = 7;

    /// <summary>The fit to the levels nearest to the values over <paramref name="scale"/>.</summary>
    public static float Fit(float* values, float scale)
    {
        Sums(values, 1 / scale, out float product, out float square);
        return square > 0 ? product / square : 0;
    }

    /// <summary>The best fit of those that give the outermost value a level about the first one.</summary>
    public static float Find(float* values)
    {
        float outermost = Extremes.Outermost(values, Count);
        if (MathF.Abs(outermost) < SymmetricSearch.Smallest)
            return 0;
        Sums(values, 1 / (-outermost / Iq4Levels.Least), out float product, out float square);
        float scale = square > 0 ? product / square : 0;
        float best = scale * product;
        for (int trial = -Trials; trial <= Trials; trial++)
        {
            Sums(values, (trial + Iq4Levels.Least) / outermost, out product, out square);
            if (!(square > 0 && product * product > best * square))
                continue;
            scale = product / square;
            best = scale * product;
        }
        return scale;
    }

    /// <summary>Packs the numbers of the levels nearest to values · <paramref name="inverse"/>: the first sixteen in the low nibbles.</summary>
    public static void Pack(float* values, float inverse, byte* packed)
    {
        for (int i = 0; i < Count / 2; i++)
            packed[i] = (byte)(Iq4Levels.Nearest(inverse * values[i]) | Iq4Levels.Nearest(inverse * values[i + Count / 2]) << 4);
    }

    private static void Sums(float* values, float inverse, out float product, out float square)
    {
        ReadOnlySpan<sbyte> levels = Iq4Levels.All;
        product = square = 0;
        for (int i = 0; i < Count; i++)
        {
            float level = levels[Iq4Levels.Nearest(inverse * values[i])], weight = values[i] * values[i];
            product += weight * level * values[i];
            square += weight * level * level;
        }
    }
}
