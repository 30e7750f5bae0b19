namespace Tessera.Format.Safetensors.Quantized;

/// <summary>A weight of 8-bit floats with a tensor of scales: one for all, one for each row, or one for each rectangle.</summary>
internal static class Fp8Weight
{
    /// <summary>Makes the weight.</summary>
    /// <param name="scheme">The scheme, for messages.</param>
    /// <param name="module">The module.</param>
    /// <param name="scales">The scales; what values are multiplied with.</param>
    /// <param name="block">Rows and columns of a rectangle, where the section names them.</param>
    public static WeightTensor Of(string scheme, StoredModule module, StoredTensor scales, (int Rows, int Columns)? block)
    {
        StoredTensor weight = module.Need(".weight").Matrix(scheme, module, 3, Dtype.F8E4M3, Dtype.F8E5M2);
        if (!SchemeErrors.Floats.Contains(scales.Type))
            throw SchemeErrors.Bad(scheme, module, $"tensor '{Errors.Readable(scales.Name)}' F32, F16 or BF16", Dtypes.Name(scales.Type));
        long[] outer = weight.Shape[..^1];
        Dictionary<string, string> parameters = new() { ["scale_type"] = Dtypes.Id(scales.Type) };
        bool isOne = scales.Shape.All(d => d == 1), isRows = !isOne && (scales.Shape.AsSpan().SequenceEqual(outer) || scales.Shape.AsSpan().SequenceEqual([.. outer, 1]));
        if (block is { } size && (!isOne || Blocks(weight.Shape, size).All(d => d == 1)))
        {
            scales.Expect(scheme, module, Blocks(weight.Shape, size), scales.Type);
            parameters["scale_rows"] = $"{size.Rows}";
            parameters["scale_columns"] = $"{size.Columns}";
        }
        else if (!isOne && !isRows)
            throw SchemeErrors.Bad(scheme, module, $"tensor '{Errors.Readable(scales.Name)}' one number, or one for each row of {weight.ShapeText}", scales.ShapeText);
        return new WeightTensor { Name = module.WeightName, Shape = weight.Shape, Quantization = Dtypes.Id(weight.Type), Parameters = parameters, Parts = [weight.Part("data"), scales.Part("scale")] };
    }

    /// <summary>The shape of a grid of rectangles.</summary>
    public static long[] Blocks(long[] shape, (int Rows, int Columns) size) => [.. shape[..^2], (shape[^2] + size.Rows - 1) / size.Rows, (shape[^1] + size.Columns - 1) / size.Columns];
}
