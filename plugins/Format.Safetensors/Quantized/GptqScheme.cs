namespace Tessera.Format.Safetensors.Quantized;

/// <summary>GPTQ: modules with <c>.qweight</c>, <c>.qzeros</c>, <c>.scales</c> and possibly <c>.g_idx</c>. Bits and groups are told by the shapes; where the section names none for single modules, they must agree with it.</summary>
internal sealed class GptqScheme : IQuantizedScheme
{
    public string Name => "gptq";

    public IReadOnlyList<string> Markers => [".qweight"];

    public bool Takes(JsonSection section) => section.Text("quant_method") is "gptq";

    public WeightTensor? Claim(StoredModule module, JsonSection section)
    {
        string format = section.Text("checkpoint_format") ?? "gptq", packing = section.Text("pack_dtype") ?? "int32";
        if (format is not ("gptq" or "gptq_v2") || section.Flag("is_marlin_format") == true)
            throw SchemeErrors.Unsupported(Name, module, $"checkpoint format '{Errors.Readable(section.Flag("is_marlin_format") == true ? "marlin" : format)}'");
        if (packing != "int32")
            throw SchemeErrors.Unsupported(Name, module, $"packing in '{Errors.Readable(packing)}'");
        StoredTensor weight = module.Need(".qweight").Matrix(Name, module, 2, Dtype.I32, Dtype.U32), zeros = module.Need(".qzeros").Matrix(Name, module, 2, Dtype.I32, Dtype.U32);
        StoredTensor scales = module.Need(".scales").Matrix(Name, module, 2, SchemeErrors.Floats);
        long rows = weight.Shape[1], groups = scales.Shape[0];
        bool dynamic = section.Section("dynamic")?.Keys.Any() == true;
        int said = section.Integer("bits", 1, 32) ?? throw section.Bad("bits", "a whole number", "nothing");
        // Zero points take as many bits as values, and there is one for each row.
        long bits = dynamic && zeros.Shape[1] <= rows ? zeros.Shape[1] * 32 / rows : said;
        if (bits is not (2 or 3 or 4 or 8))
            throw SchemeErrors.Unsupported(Name, module, $"{bits} bits");
        if (weight.Shape[0] > long.MaxValue / 32 || weight.Shape[0] * 32 % bits != 0 || rows > long.MaxValue / 32 || rows * bits % 32 != 0)
            throw SchemeErrors.Bad(Name, module, $"whole rows and columns of {bits} bits", $"words {weight.ShapeText}");
        long columns = weight.Shape[0] * 32 / bits;
        long group = section.Raw("group_size") is { } size && size.ValueKind == System.Text.Json.JsonValueKind.Number && size.TryGetInt64(out long given) && given is -1 or > 0 and <= int.MaxValue
            ? given == -1 || given > columns ? columns : given
            : throw section.Bad("group_size", "-1 or a whole number of at least 1", section.Raw("group_size") is { } found ? JsonSection.Told(found) : "nothing");
        if (dynamic && columns % groups == 0)
            group = columns / groups;
        groups = (columns + group - 1) / group;
        zeros.Expect(Name, module, [groups, rows * bits / 32], zeros.Type);
        scales.Expect(Name, module, [groups, rows], scales.Type);
        List<WeightPart> parts = [weight.Part("data"), zeros.Part("zeros"), scales.Part("scales")];
        if (module.Take(".g_idx") is { } index)
            parts.Add(index.Expect(Name, module, [columns], Dtype.I32).Part("group_index"));
        return new WeightTensor
        {
            Name = module.WeightName,
            Shape = [rows, columns],
            Quantization = $"gptq{bits}",
            Parameters = new Dictionary<string, string> { ["group"] = $"{group}", ["scale_type"] = Dtypes.Id(scales.Type), ["zero_offset"] = format == "gptq" ? "1" : "0" },
            Parts = [.. parts],
        };
    }
}
