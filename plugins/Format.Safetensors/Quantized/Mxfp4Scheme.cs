namespace Tessera.Format.Safetensors.Quantized;

/// <summary>MXFP4 as gpt-oss stores its experts: <c>_blocks</c> [experts, rows, groups, 16] and <c>_scales</c> [experts, rows, groups].</summary>
internal sealed class Mxfp4Scheme : IQuantizedScheme
{
    private const int Group = 32;

    public string Name => "mxfp4";

    public IReadOnlyList<string> Markers => ["_blocks"];

    public bool Takes(JsonSection section) => section.Text("quant_method") is "mxfp4";

    public WeightTensor? Claim(StoredModule module, JsonSection section)
    {
        StoredTensor blocks = module.Need("_blocks").Matrix(Name, module, 4, Dtype.U8), scales = module.Need("_scales");
        long[] shape = blocks.Shape;
        if (shape.Length < 3 || shape[^1] != Group / 2)
            throw SchemeErrors.Bad(Name, module, $"tensor '{Errors.Readable(blocks.Name)}' of 3 or 4 dimensions, the last one {Group / 2}", blocks.ShapeText);
        scales.Expect(Name, module, shape[..^1], Dtype.U8);
        return new WeightTensor
        {
            Name = module.WeightName,
            Shape = [.. shape[..^2], shape[^2] * Group],
            Quantization = "mx_fp4",
            Parameters = new Dictionary<string, string> { ["group"] = $"{Group}" },
            Parts = [blocks.Part("data"), scales.Part("scales")],
        };
    }
}
