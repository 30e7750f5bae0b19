namespace Tessera.Format.Safetensors.Quantized;

/// <summary>
/// compressed-tensors: packed integers, int8, NVFP4 and 8-bit floats. The tensors that a module has tell its format; bits follow from their shapes, groups and rectangles are those of the
/// section that fit the scales. Scales of activations are not needed.
/// </summary>
internal sealed class CompressedTensorsScheme : IQuantizedScheme
{
    private const string Packed = ".weight_packed", Scale = ".weight_scale", Zeros = ".weight_zero_point";

    private static readonly string[] OfActivations = [".input_scale", ".input_zero_point", ".input_global_scale", ".output_scale", ".output_zero_point"];

    public string Name => "compressed-tensors";

    public IReadOnlyList<string> Markers => [Packed, Scale];

    public bool Takes(JsonSection section) => section.Text("quant_method") is "compressed-tensors";

    public WeightTensor? Claim(StoredModule module, JsonSection section)
    {
        string format = section.Text("format") ?? "none named";
        if (format is not ("pack-quantized" or "int-quantized" or "float-quantized" or "naive-quantized" or "nvfp4-pack-quantized" or "mixed-precision"))
            throw SchemeErrors.Unsupported(Name, module, $"format '{Errors.Readable(format)}'");
        if (section.Section("sparsity_config")?.Text("format") is { } sparsity && sparsity != "dense")
            throw SchemeErrors.Unsupported(Name, module, $"sparsity '{Errors.Readable(sparsity)}'");
        if (section.Section("transform_config")?.Section("config_groups")?.Keys.Any() == true)
            throw SchemeErrors.Unsupported(Name, module, "a transform of the weights");
        foreach (string activations in OfActivations)
            module.Take(activations);
        StoredTensor scales = module.Need(Scale);
        if (module.Find(Packed) is { Type: Dtype.U8 })
            return NvFp4(module, scales);
        if (module.Find(Packed) is not null)
            return Integers(module, section, scales);
        if (module.Find(".weight") is { Type: Dtype.I8 } weight)
            return Bytes(module, weight, scales);
        if (module.Find(Zeros) is not null)
            throw SchemeErrors.Unsupported(Name, module, $"a zero point of {(module.Find(".weight") is { } floats ? Dtypes.Name(floats.Type) : "absent")} weights");
        return Fp8Weight.Of(Name, module, scales, scales.Shape.Length < 2 ? null : BlockOf(module, section, scales));
    }

    private WeightTensor Integers(StoredModule module, JsonSection section, StoredTensor scales)
    {
        StoredTensor packed = module.Need(Packed).Matrix(Name, module, 2, Dtype.I32, Dtype.U32), shape = module.Need(".weight_shape").Expect(Name, module, [2], Dtype.I64, Dtype.I32);
        long rows = packed.Shape[0], columns = Whole(shape, 1);
        if (Whole(shape, 0) != rows || columns < 1 || columns > packed.Shape[1] * 32)
            throw SchemeErrors.Bad(Name, module, $"a shape of {rows} rows with up to {packed.Shape[1] * 32} columns", $"[{Whole(shape, 0)}, {columns}]");
        long bits = packed.Shape[1] * 32 / columns;
        if (bits is not (4 or 8))
            throw SchemeErrors.Unsupported(Name, module, $"{bits} bits (words {packed.ShapeText} for {columns} columns)");
        if (columns * bits != packed.Shape[1] * 32)
            throw SchemeErrors.Bad(Name, module, $"rows of whole words of {bits} bits", $"{columns} columns");
        scales.Matrix(Name, module, 2, SchemeErrors.Floats);
        long groups = scales.Shape[1], group = GroupOf(module, section, bits, columns, groups);
        scales.Expect(Name, module, [rows, (columns + group - 1) / group], scales.Type);
        List<WeightPart> parts = [packed.Part("data"), scales.Part("scales")];
        if (module.Take(Zeros) is { } zeros)
            parts.Add(zeros.Expect(Name, module, [(rows * bits + 31) / 32, groups], Dtype.I32, Dtype.U32).Part("zeros"));
        if (module.Take(".weight_g_idx") is { } index)
            parts.Add(index.Expect(Name, module, [columns], Dtype.I32).Part("group_index"));
        return new WeightTensor
        {
            Name = module.WeightName,
            Shape = [rows, columns],
            Quantization = $"ct_packed{bits}",
            Parameters = new Dictionary<string, string> { ["group"] = $"{group}", ["scale_type"] = Dtypes.Id(scales.Type) },
            Parts = [.. parts],
        };
    }

    private WeightTensor Bytes(StoredModule module, StoredTensor weight, StoredTensor scales)
    {
        module.Take(".weight");
        weight.Matrix(Name, module, 3, Dtype.I8);
        if (!SchemeErrors.Floats.Contains(scales.Type))
            throw SchemeErrors.Bad(Name, module, $"tensor '{Errors.Readable(scales.Name)}' F32, F16 or BF16", Dtypes.Name(scales.Type));
        long rows = 1;
        foreach (long dimension in weight.Shape[..^1])
            rows *= dimension;
        long count = scales.Shape.Aggregate(1L, (a, b) => a * b);
        if (count != 1 && (count % rows != 0 || weight.Shape[^1] % Math.Max(1, count / rows) != 0))
            throw SchemeErrors.Bad(Name, module, $"tensor '{Errors.Readable(scales.Name)}' one number, or one for each row of {weight.ShapeText} or each of its equal groups", scales.ShapeText);
        List<WeightPart> parts = [weight.Part("data"), scales.Part("scales")];
        if (module.Take(Zeros) is { } zeros)
            parts.Add(zeros.Expect(Name, module, scales.Shape, Dtype.I8).Part("zeros"));
        return new WeightTensor
        {
            Name = module.WeightName,
            Shape = weight.Shape,
            Quantization = "ct_int8",
            Parameters = new Dictionary<string, string> { ["group"] = $"{(count < rows ? weight.Shape[^1] : weight.Shape[^1] / (count / rows))}", ["scale_type"] = Dtypes.Id(scales.Type) },
            Parts = [.. parts],
        };
    }

    private WeightTensor NvFp4(StoredModule module, StoredTensor scales)
    {
        const int Group = 16;
        StoredTensor packed = module.Need(Packed).Matrix(Name, module, 3, Dtype.U8), divisor = module.Need(".weight_global_scale").Expect(Name, module, [1], Dtype.F32);
        if (packed.Shape[^1] * 2 % Group != 0)
            throw SchemeErrors.Bad(Name, module, $"rows of whole groups of {Group} values", $"bytes {packed.ShapeText}");
        scales.Expect(Name, module, [.. packed.Shape[..^1], packed.Shape[^1] * 2 / Group], Dtype.F8E4M3);
        return new WeightTensor
        {
            Name = module.WeightName,
            Shape = [.. packed.Shape[..^1], packed.Shape[^1] * 2],
            Quantization = "nv_fp4",
            Parameters = new Dictionary<string, string> { ["group"] = $"{Group}" },
            Parts = [packed.Part("data"), scales.Part("scales"), divisor.Part("divisor")],
        };
    }

    // Of the sizes that the section names, the one that makes as many groups of a row as it has scales; where none is named, equal groups.
    private long GroupOf(StoredModule module, JsonSection section, long bits, long columns, long groups)
    {
        long[] named = [.. Schemes(section).Where(s => (s.Text("type") ?? "int") == "int" && (s.Integer("num_bits", 1, 64) ?? 8) == bits).Select(s => s.Number("group_size") is { } size and >= 1 and <= int.MaxValue ? (long)size : columns).Distinct()];
        long[] fitting = [.. named.Where(size => (columns + size - 1) / size == groups)];
        if (fitting.Length == 1)
            return fitting[0];
        if (named.Length == 0 && columns % groups == 0)
            return columns / groups;
        string of = $"{columns} columns with {groups} scales";
        throw named.Length == 0 ? SchemeErrors.Bad(Name, module, "a group_size in config_groups, or rows of equal groups", of)
            : SchemeErrors.Bad(Name, module, $"{(fitting.Length == 0 ? "groups" : "groups of one size")} of {string.Join(" or ", fitting.Length == 0 ? named : fitting)} values", of);
    }

    // The rectangles that make the grid of scales; a column of scales may also be one for each row.
    private (int, int)? BlockOf(StoredModule module, JsonSection section, StoredTensor scales)
    {
        (int Rows, int Columns)? first = null;
        long[] shape = module.Find(".weight")?.Shape ?? [];
        foreach (JsonSection scheme in Schemes(section))
            if (scheme.List("block_structure") is [{ ValueKind: System.Text.Json.JsonValueKind.Number } rows, { ValueKind: System.Text.Json.JsonValueKind.Number } columns]
                && rows.TryGetInt32(out int height) && columns.TryGetInt32(out int width) && height > 0 && width > 0)
            {
                if (shape.Length > 1 && scales.Shape.AsSpan().SequenceEqual(Fp8Weight.Blocks(shape, (height, width))))
                    return (height, width);
                first ??= (height, width);
            }
        return scales.Shape[^1] == 1 ? null : first ?? throw SchemeErrors.Bad(Name, module, "a block_structure of two numbers for a grid of scales", "none");
    }

    // How the groups of modules have their weights quantized.
    private static IEnumerable<JsonSection> Schemes(JsonSection section)
    {
        JsonSection? groups = section.Section("config_groups");
        foreach (string key in groups?.Keys ?? [])
            if (groups!.Section(key)?.Section("weights") is { } weights)
                yield return weights;
    }

    private static long Whole(StoredTensor tensor, int index) =>
        tensor.Type == Dtype.I64 ? BitConverter.ToInt64(tensor.Bytes[(8 * index)..]) : BitConverter.ToInt32(tensor.Bytes[(4 * index)..]);
}
