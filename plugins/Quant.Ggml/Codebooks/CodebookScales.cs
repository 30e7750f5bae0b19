using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml.Codebooks;

/// <summary>What the quantizers of the codebook types share around the search.</summary>
internal static unsafe class CodebookScales
{
    private const int Last = 31;

    /// <summary>Splits eight values into magnitudes and signs, one bit each.</summary>
    public static byte Signs(float* values, float* magnitudes)
    {
        int signs = 0;
        for (int i = 0; i < 8; i++)
        {
            magnitudes[i] = values[i] >= 0 ? values[i] : -values[i];
            signs |= values[i] >= 0 ? 0 : 1 << i;
        }
        return (byte)signs;
    }

    /// <summary>
    /// Codes the groups' scales in four bits, code n for 2n + 1 parts of 31 of the greatest: the scale of the block, a half. False if all are zero.
    /// </summary>
    /// <param name="scales">Not negative.</param>
    /// <param name="correction">What the reference multiplies the block's scale with.</param>
    /// <param name="codes">One for each scale.</param>
    /// <param name="bits">The scale of the block.</param>
    public static bool Encode(ReadOnlySpan<float> scales, float correction, Span<byte> codes, out ushort bits)
    {
        float greatest = 0;
        foreach (float scale in scales)
            greatest = MathF.Max(greatest, scale);
        bits = 0;
        codes.Clear();
        if (greatest == 0)
            return false;
        float unit = greatest / Last, inverse = 1 / unit;
        bits = Extremes.HalfBits(unit * correction);
        for (int i = 0; i < scales.Length; i++)
            codes[i] = (byte)int.Clamp((int)MathF.Round(0.5f * (inverse * scales[i] - 1)), 0, 15);
        return true;
    }
}
