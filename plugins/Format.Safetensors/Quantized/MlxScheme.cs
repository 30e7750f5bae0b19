using System.Text.Json;

namespace Tessera.Format.Safetensors.Quantized;

/// <summary>MLX: modules with <c>.weight</c> in words, <c>.scales</c> and, where the mode is affine, <c>.biases</c>. The section may override mode, bits and group size by the module's path.</summary>
internal sealed class MlxScheme : IQuantizedScheme
{
    private const string GroupSize = "group_size", Bits = "bits", Mode = "mode", Affine = "affine";

    public string Name => "mlx";

    public IReadOnlyList<string> Markers => [".scales"];

    public bool Takes(JsonSection section) => !section.Has("quant_method") && section.Has(GroupSize) && section.Has(Bits);

    public WeightTensor? Claim(StoredModule module, JsonSection section)
    {
        JsonSection own = section;
        if (module.Name.Length > 0 && section.Raw(module.Name) is { } value)
            own = value.ValueKind == JsonValueKind.False
                ? throw SchemeErrors.Bad(Name, module, $"no scales, as {section.Path} says that it is not quantized", "a tensor of scales")
                : section.Section(module.Name)!;
        string mode = own.Text(Mode) ?? Affine;
        (int defaultGroup, int defaultBits) = mode switch { "mxfp4" => (32, 4), "mxfp8" => (32, 8), "nvfp4" => (16, 4), _ => (64, 4) };
        int bits = own.Integer(Bits, 1, 32) ?? defaultBits, group = own.Integer(GroupSize, 1, 1 << 20) ?? defaultGroup;
        (string id, bool known) = mode switch
        {
            Affine => ($"mlx_affine{bits}", bits is 2 or 3 or 4 or 5 or 6 or 8 && group is 32 or 64 or 128),
            "mxfp4" => ("mx_fp4", bits == 4 && group == 32),
            "mxfp8" => ("mx_fp8", bits == 8 && group == 32),
            "nvfp4" => ("nv_fp4", bits == 4 && group == 16),
            _ => ("", false),
        };
        if (!known)
            throw SchemeErrors.Unsupported(Name, module, $"mode '{Errors.Readable(mode)}' with {bits} bits and groups of {group}");
        StoredTensor weight = module.Need(".weight").Matrix(Name, module, 4, Dtype.U32), scales = module.Need(".scales");
        if (weight.Shape[^1] > long.MaxValue / 32 || weight.Shape[^1] * 32 % bits != 0 || weight.Shape[^1] * 32 / bits % group != 0)
            throw SchemeErrors.Bad(Name, module, $"rows of whole groups of {group} values of {bits} bits", $"words {weight.ShapeText}");
        long columns = weight.Shape[^1] * 32 / bits;
        long[] groups = [.. weight.Shape[..^1], columns / group];
        Dictionary<string, string> parameters = new() { ["group"] = $"{group}" };
        WeightPart[] parts = [weight.Part("data"), scales.Part(mode == "mxfp8" ? "scale" : "scales")];
        if (mode == Affine)
        {
            scales.Expect(Name, module, groups, SchemeErrors.Floats);
            parts = [.. parts, module.Need(".biases").Expect(Name, module, groups, scales.Type).Part("biases")];
            parameters["scale_type"] = Dtypes.Id(scales.Type);
        }
        else
            scales.Expect(Name, module, groups, Dtype.U8);
        return new WeightTensor { Name = module.WeightName, Shape = [.. weight.Shape[..^1], columns], Quantization = id, Parameters = parameters, Parts = parts };
    }
}
