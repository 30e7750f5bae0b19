using System.Runtime.CompilerServices;

namespace Tessera.Quant.Ggml.Numerics;

/// <summary>The eight groups of 32 values in a block of Q4_K or Q5_K.</summary>
internal static unsafe class KGroups
{
    /// <summary>Groups in a block.</summary>
    public const int Count = 8;

    /// <summary>Values in a group.</summary>
    public const int Values = 32;

    private const int GreatestScale = 63;

    /// <summary>Writes the groups' scales and minimums as floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(ushort scaleBits, ushort minimumScaleBits, byte* packed, float* scales, float* minimums)
    {
        float scale = HalfFloat.ToSingle(scaleBits), minimumScale = HalfFloat.ToSingle(minimumScaleBits);
        KScales.Read(packed, out ulong groupScales, out ulong groupMinimums);
        for (int group = 0; group < Count; group++)
        {
            scales[group] = scale * (byte)(groupScales >> 8 * group);
            minimums[group] = minimumScale * (byte)(groupMinimums >> 8 * group);
        }
    }

    /// <summary>
    /// Finds each group's scale and minimum, rounds those to six bits of the greatest ones, and rounds the values again by what the file will say.
    /// </summary>
    public static void Quantize(AffineSearch search, float* values, byte* quants, out ushort scaleBits, out ushort minimumScaleBits, byte* packed)
    {
        Span<float> scales = stackalloc float[Count], minimums = stackalloc float[Count];
        float greatestScale = 0, greatestMinimum = 0;
        for (int group = 0; group < Count; group++)
        {
            scales[group] = search.Find(values + group * Values, quants + group * Values, out minimums[group]);
            greatestScale = MathF.Max(greatestScale, scales[group]);
            greatestMinimum = MathF.Max(greatestMinimum, minimums[group]);
        }
        Span<byte> scaleCodes = stackalloc byte[Count], minimumCodes = stackalloc byte[Count];
        Encode(scales, greatestScale, scaleCodes);
        Encode(minimums, greatestMinimum, minimumCodes);
        KScales.Write(scaleCodes, minimumCodes, packed);
        scaleBits = Extremes.HalfBits(greatestScale / GreatestScale);
        minimumScaleBits = Extremes.HalfBits(greatestMinimum / GreatestScale);

        for (int group = 0; group < Count; group++)
        {
            float scale = HalfFloat.ToSingle(scaleBits) * scaleCodes[group];
            // Without a scale the values stay as the search left them.
            if (scale == 0)
                continue;
            float minimum = HalfFloat.ToSingle(minimumScaleBits) * minimumCodes[group];
            for (int i = group * Values; i < (group + 1) * Values; i++)
                quants[i] = (byte)int.Clamp((int)MathF.Round((values[i] + minimum) / scale), 0, search.Greatest);
        }
    }

    private static void Encode(ReadOnlySpan<float> values, float greatest, Span<byte> codes)
    {
        float inverse = greatest > 0 ? GreatestScale / greatest : 0;
        for (int i = 0; i < values.Length; i++)
            codes[i] = (byte)int.Min(GreatestScale, (int)MathF.Round(inverse * values[i]));
    }
}
