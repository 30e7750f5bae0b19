namespace Tessera.Format.Safetensors.Families;

/// <summary>Weights under other names, and several as one.</summary>
internal static class WeightStack
{
    /// <summary>A weight under its canonical name.</summary>
    public static WeightTensor Renamed(WeightTensor weight, string canonical) => new()
    {
        Name = canonical,
        StoredName = weight.Name,
        Shape = weight.Shape,
        Quantization = weight.Quantization,
        Parameters = weight.Parameters,
        Parts = weight.Parts,
    };

    /// <summary>Weights of one shape and quantization as one.</summary>
    /// <exception cref="ModelFormatException">They differ.</exception>
    /// <exception cref="UnsupportedModelException">They are quantized in different ways.</exception>
    public static WeightTensor Join(WeightTensor[] slices, string canonical)
    {
        WeightTensor first = slices[0];
        foreach (WeightTensor slice in slices)
        {
            if (!slice.Shape.AsSpan().SequenceEqual(first.Shape))
                throw new ModelFormatException($"safetensors: tensor '{Errors.Readable(slice.Name)}': expected shape {first.ShapeText} as '{Errors.Readable(first.Name)}', found {slice.ShapeText}");
            if (slice.Quantization != first.Quantization)
                throw new UnsupportedModelException($"safetensors: tensor '{Errors.Readable(slice.Name)}' is of type {slice.Quantization} and '{Errors.Readable(first.Name)}' of type {first.Quantization}; they make one weight, for which this is not available");
        }
        return new WeightTensor
        {
            Name = canonical,
            StoredName = $"{first.Name} and {slices.Length - 1} more",
            Shape = [slices.Length, .. first.Shape],
            Quantization = first.Quantization,
            Parameters = first.Parameters,
            Parts = [.. slices.SelectMany(s => s.Parts)],
            Stack = slices,
        };
    }
}
