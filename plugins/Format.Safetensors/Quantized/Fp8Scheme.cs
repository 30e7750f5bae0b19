namespace Tessera.Format.Safetensors.Quantized;

/// <summary>8-bit floats with scales for the tensor or for rectangles in <c>.weight_scale_inv</c>, which values are multiplied with despite the name; or in <c>.weight_scale</c>.</summary>
internal sealed class Fp8Scheme : IQuantizedScheme
{
    private const string Inverse = ".weight_scale_inv", Scale = ".weight_scale", BlockSize = "weight_block_size";

    public string Name => "fp8";

    public IReadOnlyList<string> Markers => [Inverse, Scale];

    public bool Takes(JsonSection section) => section.Text("quant_method") is "fp8";

    public WeightTensor? Claim(StoredModule module, JsonSection section)
    {
        foreach (string activations in (string[])[".activation_scale", ".input_scale"])
            module.Take(activations);
        (int, int)? block = null;
        if (section.List(BlockSize) is { } sizes)
            block = sizes.Count == 2 && sizes[0].ValueKind == System.Text.Json.JsonValueKind.Number && sizes[1].ValueKind == System.Text.Json.JsonValueKind.Number && sizes[0].TryGetInt32(out int rows) && sizes[1].TryGetInt32(out int columns) && rows > 0 && columns > 0
                ? (rows, columns)
                : throw section.Bad(BlockSize, "two whole numbers of at least 1", JsonSection.Told(section.Raw(BlockSize)!.Value));
        return Fp8Weight.Of(Name, module, module.Take(Inverse) ?? module.Need(Scale), block);
    }
}
