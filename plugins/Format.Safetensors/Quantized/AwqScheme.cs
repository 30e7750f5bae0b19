namespace Tessera.Format.Safetensors.Quantized;

/// <summary>AWQ in the order "gemm": modules with <c>.qweight</c>, <c>.qzeros</c> and <c>.scales</c>.</summary>
internal sealed class AwqScheme : IQuantizedScheme
{
    private const int PerWord = 8;

    public string Name => "awq";

    public IReadOnlyList<string> Markers => [".qweight"];

    public bool Takes(JsonSection section) => section.Text("quant_method") is "awq";

    public WeightTensor? Claim(StoredModule module, JsonSection section)
    {
        string version = section.Text("version") ?? "gemm";
        int bits = section.Integer("bits", 1, 32) ?? section.Integer("w_bit", 1, 32) ?? 4;
        if (!version.Equals("gemm", StringComparison.OrdinalIgnoreCase) || bits != 4)
            throw SchemeErrors.Unsupported(Name, module, $"version '{Errors.Readable(version)}' with {bits} bits");
        if (section.Flag("zero_point") == false)
            throw SchemeErrors.Unsupported(Name, module, "zero_point false");
        StoredTensor weight = module.Need(".qweight").Matrix(Name, module, 2, Dtype.I32, Dtype.U32), zeros = module.Need(".qzeros");
        StoredTensor scales = module.Need(".scales").Matrix(Name, module, 2, SchemeErrors.Floats);
        long columns = weight.Shape[0];
        if (weight.Shape[1] > long.MaxValue / PerWord)
            throw SchemeErrors.Bad(Name, module, "fewer rows", $"words {weight.ShapeText}");
        long rows = weight.Shape[1] * PerWord, group = section.Has("group_size") && section.Number("group_size") == -1 ? columns : section.Integer("group_size", 1) ?? section.Integer("q_group_size", 1) ?? 128;
        long groups = (columns + group - 1) / group;
        zeros.Expect(Name, module, [groups, weight.Shape[1]], Dtype.I32, Dtype.U32);
        scales.Expect(Name, module, [groups, rows], scales.Type);
        return new WeightTensor
        {
            Name = module.WeightName,
            Shape = [rows, columns],
            Quantization = "awq4",
            Parameters = new Dictionary<string, string> { ["group"] = $"{group}", ["scale_type"] = Dtypes.Id(scales.Type) },
            Parts = [weight.Part("data"), zeros.Part("zeros"), scales.Part("scales")],
        };
    }
}
