namespace Tessera.Format.Safetensors.Quantized;

/// <summary>bitsandbytes: four bits by blocks of the flattened matrix, with <c>.weight.absmax</c> and what belongs to it; or int8 with a scale for each row in <c>.SCB</c>.</summary>
internal sealed class BitsAndBytesScheme : IQuantizedScheme
{
    private const string Magnitudes = ".weight.absmax", State = ".weight.quant_state.bitsandbytes__", Scales = ".SCB";
    private const int Levels = 16, NestedLevels = 256, MostDimensions = 2;

    public string Name => "bitsandbytes";

    public IReadOnlyList<string> Markers => [Magnitudes, Scales];

    public bool Takes(JsonSection section) => section.Text("quant_method") is "bitsandbytes";

    public WeightTensor? Claim(StoredModule module, JsonSection section) => module.Find(Scales) is not null ? Bytes(module) : FourBits(module);

    private WeightTensor Bytes(StoredModule module)
    {
        StoredTensor weight = module.Need(".weight").Matrix(Name, module, MostDimensions, Dtype.I8), scales = module.Need(Scales).Expect(Name, module, [weight.Shape[0]], Dtype.F32);
        if (module.Take(".weight_format") is { } format && (format.Length != 1 || format.Bytes[0] != 0))
            throw SchemeErrors.Unsupported(Name, module, $"a weight_format other than 0 (row-major) of one byte, here {(format.Length == 0 ? "none" : $"{format.Bytes[0]} in {format.Length}")}");
        return new WeightTensor
        {
            Name = module.WeightName,
            Shape = weight.Shape,
            Quantization = "bnb_int8",
            Parameters = new Dictionary<string, string> { ["group"] = $"{weight.Shape[1]}", ["scale_type"] = "f32" },
            Parts = [weight.Part("data"), scales.Part("scales")],
        };
    }

    private WeightTensor FourBits(StoredModule module)
    {
        string type = module.Find(State + "nf4") is not null ? "nf4" : "fp4";
        StoredTensor stateTensor = module.Need(State + type), data = module.Need(".weight"), magnitudes = module.Need(Magnitudes);
        JsonSection state = JsonSection.Parse(stateTensor.Name, stateTensor.Bytes);
        if (state.Text("quant_type") is { } named && named != type)
            throw state.Bad("quant_type", type, Errors.Readable(named));
        long[] shape = Shape(module, state);
        long values = shape[0] * shape[1];
        int block = state.Integer("blocksize", 1, 1 << 30) ?? throw state.Bad("blocksize", "a whole number", "nothing");
        long blocks = (values + block - 1) / block;
        if (data.Length != (values + 1) / 2)
            throw SchemeErrors.Bad(Name, module, $"{(values + 1) / 2} bytes of weight for [{string.Join(", ", shape)}]", $"{data.Length}");
        Dictionary<string, string> parameters = new() { ["block"] = $"{block}" };
        List<WeightPart> parts = [data.Part("data"), module.Need(".weight.quant_map").Expect(Name, module, [Levels], Dtype.F32).Part("levels"), magnitudes.Part("magnitudes")];
        if (state.Integer("nested_blocksize", 1, 1 << 30) is { } nested)
        {
            magnitudes.Expect(Name, module, [blocks], Dtype.U8);
            parts.Add(module.Need(".weight.nested_quant_map").Expect(Name, module, [NestedLevels], Dtype.F32).Part("nested_levels"));
            parts.Add(module.Need(".weight.nested_absmax").Expect(Name, module, [(blocks + nested - 1) / nested], Dtype.F32).Part("nested_magnitudes"));
            parameters["nested_block"] = $"{nested}";
            // The library keeps it as a float32.
            parameters["nested_offset"] = ((float)(state.Number("nested_offset") ?? throw state.Bad("nested_offset", "a number", "nothing"))).ToString("R");
        }
        else
            magnitudes.Expect(Name, module, [blocks], Dtype.F32);
        return new WeightTensor { Name = module.WeightName, Shape = shape, Quantization = $"bnb_{type}", Parameters = parameters, Parts = [.. parts] };
    }

    private long[] Shape(StoredModule module, JsonSection state)
    {
        long[] shape = [.. (state.List("shape") ?? []).Select(d => d.ValueKind == System.Text.Json.JsonValueKind.Number && d.TryGetInt64(out long dimension) ? dimension : 0)];
        if (shape.Length != MostDimensions || shape.Any(d => d is < 1 or > int.MaxValue))
            throw SchemeErrors.Bad(Name, module, $"a shape of {MostDimensions} dimensions from 1 to {int.MaxValue} in quant_state", state.Raw("shape") is { } found ? JsonSection.Told(found) : "none");
        return shape;
    }
}
