namespace Tessera.Format.Safetensors.Quantized;

/// <summary>Errors about a module's tensors, in one form: scheme, module, what is wrong.</summary>
internal static class SchemeErrors
{
    /// <summary>A tensor contradicts the others or the section.</summary>
    public static ModelFormatException Bad(string scheme, StoredModule module, string expected, string found) =>
        new($"{scheme}: layer '{Errors.Readable(module.Name)}': expected {expected}, found {found}");

    /// <summary>A variant that is not available.</summary>
    public static UnsupportedModelException Unsupported(string scheme, StoredModule module, string variant) =>
        new($"{scheme}: layer '{Errors.Readable(module.Name)}': {variant} is not available");

    /// <summary>A tensor of an expected shape and type.</summary>
    public static StoredTensor Expect(this StoredTensor tensor, string scheme, StoredModule module, long[] shape, params Dtype[] types)
    {
        if (!tensor.Shape.AsSpan().SequenceEqual(shape) || !types.Contains(tensor.Type))
            throw Bad(scheme, module, $"tensor '{Errors.Readable(tensor.Name)}' {string.Join(" or ", types.Select(Dtypes.Name))} [{string.Join(", ", shape)}]", $"{Dtypes.Name(tensor.Type)} {tensor.ShapeText}");
        return tensor;
    }

    /// <summary>A matrix, or a stack of matrices, of an expected type.</summary>
    public static StoredTensor Matrix(this StoredTensor tensor, string scheme, StoredModule module, int mostDimensions, params Dtype[] types)
    {
        if (tensor.Shape.Length < 2 || tensor.Shape.Length > mostDimensions || tensor.Shape.Any(d => d < 1) || !types.Contains(tensor.Type))
            throw Bad(scheme, module, $"tensor '{Errors.Readable(tensor.Name)}' {string.Join(" or ", types.Select(Dtypes.Name))} of 2{(mostDimensions > 2 ? $" to {mostDimensions}" : "")} dimensions of at least 1", $"{Dtypes.Name(tensor.Type)} {tensor.ShapeText}");
        return tensor;
    }

    /// <summary>The number types of scales.</summary>
    public static readonly Dtype[] Floats = [Dtype.F32, Dtype.F16, Dtype.BF16];
}
