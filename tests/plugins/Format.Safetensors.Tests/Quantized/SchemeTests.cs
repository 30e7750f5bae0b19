using System.Text;

namespace Tessera.Format.Safetensors.Tests.Quantized;

/// <summary>Modules whose tensors contradict each other or the section, and variants that are not available: a problem that names scheme and layer.</summary>
public class SchemeTests
{
    private const string Gptq = """ "quant_method": "gptq", "bits": 4, "group_size": 64 """, Mlx = """ "group_size": 64, "bits": 4 """, Ct = """ "quant_method": "compressed-tensors", "format": "pack-quantized" """;
    private const string Bnb = """ "quant_method": "bitsandbytes" """, Awq = """ "quant_method": "awq", "bits": 4, "group_size": 64 """;
    private const string GptqTensors = "qweight I32 8,16; qzeros I32 1,2; scales F16 1,16", MlxTensors = "weight U32 4,8; scales BF16 4,1; biases BF16 4,1", AwqTensors = "qweight I32 64,2; qzeros I32 1,2; scales F16 1,16";
    private const string Groups = """, "config_groups": {"group_0": {"targets": ["Linear"], "weights": {"num_bits": 4, "type": "int", "symmetric": true, """;
    private const string CtTensors2 = "weight_packed I32 4,8; weight_scale BF16 4,2; weight_shape I64 2 4,64";
    private const string CtTensors = "weight_packed I32 4,8; weight_scale BF16 4,1; weight_shape I64 2 4,64";

    [Theory]
    [InlineData(""" "quant_method": "hqq" """, GptqTensors, "quantization method 'hqq' is not available (layer 'a.q_proj'); there are: awq, bitsandbytes, compressed-tensors, fbgemm_fp8, fp8, gptq, mlx, mxfp4")]
    [InlineData(""" "quant_method": "gptq", "bits": 5, "group_size": 64 """, GptqTensors, "gptq: layer 'a.q_proj': 5 bits is not available")]
    [InlineData(Gptq + """, "checkpoint_format": "marlin" """, GptqTensors, "gptq: layer 'a.q_proj': checkpoint format 'marlin' is not available")]
    [InlineData(""" "quant_method": "gptq", "bits": 4, "group_size": 0 """, GptqTensors, "config.json: quantization_config.group_size: expected -1 or a whole number of at least 1, found 0")]
    [InlineData(""" "quant_method": "gptq", "group_size": 64 """, GptqTensors, "config.json: quantization_config.bits: expected a whole number, found nothing")]
    [InlineData(Gptq, "qweight I32 8,16; qzeros I32 1,3; scales F16 1,16", "gptq: layer 'a.q_proj': expected tensor 'a.q_proj.qzeros' I32 [1, 2], found I32 [1, 3]")]
    [InlineData(Gptq, "qweight I32 8,16; qzeros I32 1,2; scales F16 2,16", "gptq: layer 'a.q_proj': expected tensor 'a.q_proj.scales' F16 [1, 16], found F16 [2, 16]")]
    [InlineData(Gptq, "qweight I32 8,16; scales F16 1,16", "tensor 'a.q_proj.qzeros' is missing")]
    [InlineData(Gptq, "qweight I32 8,16; qzeros I32 1,2; scales F16 1,16; g_idx I32 63", "gptq: layer 'a.q_proj': expected tensor 'a.q_proj.g_idx' I32 [64], found I32 [63]")]
    [InlineData(Gptq, "qweight F16 8,16; qzeros I32 1,2; scales F16 1,16", "gptq: layer 'a.q_proj': expected tensor 'a.q_proj.qweight' I32 or U32 of 2 dimensions of at least 1, found F16 [8, 16]")]
    [InlineData(Gptq, "qweight I32 8,0; qzeros I32 1,0; scales F16 1,0", "gptq: layer 'a.q_proj': expected tensor 'a.q_proj.qweight' I32 or U32 of 2 dimensions of at least 1, found I32 [8, 0]")]
    [InlineData(Awq + """, "version": "gemv" """, AwqTensors, "awq: layer 'a.q_proj': version 'gemv' with 4 bits is not available")]
    [InlineData(Awq + """, "zero_point": false """, AwqTensors, "awq: layer 'a.q_proj': zero_point false is not available")]
    [InlineData(Awq, "qweight I32 64,2; qzeros I32 1,2; scales F16 1,17", "awq: layer 'a.q_proj': expected tensor 'a.q_proj.scales' F16 [1, 16], found F16 [1, 17]")]
    [InlineData(""" "group_size": 64, "bits": 7 """, MlxTensors, "mlx: layer 'a.q_proj': mode 'affine' with 7 bits and groups of 64 is not available")]
    [InlineData(""" "group_size": 64, "bits": 4, "mode": "mxfp6" """, MlxTensors, "mlx: layer 'a.q_proj': mode 'mxfp6' with 4 bits and groups of 64 is not available")]
    [InlineData(Mlx + """, "a.q_proj": false """, MlxTensors, "mlx: layer 'a.q_proj': expected no scales, as config.json: quantization_config says that it is not quantized, found a tensor of scales")]
    [InlineData(Mlx + """, "a.q_proj": {"bits": 8, "group_size": 64} """, MlxTensors, "mlx: layer 'a.q_proj': expected rows of whole groups of 64 values of 8 bits, found words [4, 8]")]
    [InlineData(Mlx, "weight U32 4,8; scales BF16 4,2; biases BF16 4,2", "mlx: layer 'a.q_proj': expected tensor 'a.q_proj.scales' F32 or F16 or BF16 [4, 1], found BF16 [4, 2]")]
    [InlineData(Mlx, "weight U32 4,8; scales BF16 4,1; biases F16 4,1", "mlx: layer 'a.q_proj': expected tensor 'a.q_proj.biases' BF16 [4, 1], found F16 [4, 1]")]
    [InlineData(Mlx, "weight U32 4,8; scales BF16 4,1", "tensor 'a.q_proj.biases' is missing")]
    [InlineData(Ct, "weight_packed I32 4,8; weight_scale BF16 4,1; weight_shape I64 2 4,80", "compressed-tensors: layer 'a.q_proj': 3 bits (words [4, 8] for 80 columns) is not available")]
    [InlineData(Ct, "weight_packed I32 4,8; weight_scale BF16 4,1; weight_shape I64 2 5,64", "compressed-tensors: layer 'a.q_proj': expected a shape of 4 rows with up to 256 columns, found [5, 64]")]
    [InlineData(Ct, "weight_packed I32 4,8; weight_scale BF16 3,1; weight_shape I64 2 4,64", "compressed-tensors: layer 'a.q_proj': expected tensor 'a.q_proj.weight_scale' BF16 [4, 1], found BF16 [3, 1]")]
    [InlineData(Ct, CtTensors + "; weight_zero_point I32 2,1", "compressed-tensors: layer 'a.q_proj': expected tensor 'a.q_proj.weight_zero_point' I32 or U32 [1, 1], found I32 [2, 1]")]
    [InlineData(""" "quant_method": "compressed-tensors", "format": "marlin-24" """, CtTensors, "compressed-tensors: layer 'a.q_proj': format 'marlin-24' is not available")]
    [InlineData(Ct + """, "sparsity_config": {"format": "sparse-bitmask"} """, CtTensors, "compressed-tensors: layer 'a.q_proj': sparsity 'sparse-bitmask' is not available")]
    [InlineData(Ct + """, "transform_config": {"config_groups": {"R1": {}}} """, CtTensors, "compressed-tensors: layer 'a.q_proj': a transform of the weights is not available")]
    [InlineData(""" "quant_method": "fp8", "weight_block_size": [128, 128] """, "weight F8_E4M3 160,200; weight_scale_inv F32 2,1", "fp8: layer 'a.q_proj': expected tensor 'a.q_proj.weight_scale_inv' F32 [2, 2], found F32 [2, 1]")]
    [InlineData(""" "quant_method": "fp8", "weight_block_size": [128] """, "weight F8_E4M3 160,200; weight_scale_inv F32 2,2", "config.json: quantization_config.weight_block_size: expected two whole numbers of at least 1, found [128]")]
    [InlineData(""" "quant_method": "fbgemm_fp8" """, "weight F8_E4M3 4,8; weight_scale F32 5,1", "fbgemm_fp8: layer 'a.q_proj': expected tensor 'a.q_proj.weight_scale' one number, or one for each row of [4, 8], found [5, 1]")]
    [InlineData(Bnb, "weight I8 4,8; SCB F32 5", "bitsandbytes: layer 'a.q_proj': expected tensor 'a.q_proj.SCB' F32 [4], found F32 [5]")]
    [InlineData(Bnb, "weight I8 4,8; SCB F32 4; weight_format U8 - 1", "bitsandbytes: layer 'a.q_proj': a weight_format other than 0 (row-major) of one byte, here 1 in 1 is not available")]
    [InlineData(Bnb, "weight U8 16,1; weight.absmax F32 1; weight.quant_map F32 16", "tensor 'a.q_proj.weight.quant_state.bitsandbytes__fp4' is missing")]
    [InlineData(""" "quant_method": "mxfp4" """, "_blocks U8 2,4,3,15; _scales U8 2,4,3", "mxfp4: layer 'a.q_proj': expected tensor 'a.q_proj_blocks' of 3 or 4 dimensions, the last one 16, found [2, 4, 3, 15]")]
    [InlineData(""" "quant_method": "mxfp4" """, "_blocks U8 2,4,3,16; _scales U8 2,4,4", "mxfp4: layer 'a.q_proj': expected tensor 'a.q_proj_scales' U8 [2, 4, 3], found U8 [2, 4, 4]")]
    [InlineData(Ct + Groups + """ "group_size": 48}}} """, CtTensors, "compressed-tensors: layer 'a.q_proj': expected groups of 48 values, found 64 columns with 1 scales")]
    [InlineData(Ct, "weight_packed I32 4,8; weight_scale BF16 4,3; weight_shape I64 2 4,64", "compressed-tensors: layer 'a.q_proj': expected a group_size in config_groups, or rows of equal groups, found 64 columns with 3 scales")]
    [InlineData(Ct + """, "config_groups": {"a": {"weights": {"num_bits": 4, "group_size": 40}}, "b": {"weights": {"num_bits": 4, "group_size": 48}}} """, CtTensors2, "compressed-tensors: layer 'a.q_proj': expected groups of one size of 40 or 48 values, found 64 columns with 2 scales")]
    public void What_does_not_fit_is_a_problem_by_name(string section, string tensors, string expected)
    {
        IReadOnlyList<string> problems = Open(section, tensors).Metadata.Problems;
        Assert.Contains(problems, p => p.EndsWith(expected, StringComparison.Ordinal));
    }

    [Theory]
    // A mistake of the section is none of a layer's.
    [InlineData(""" "quant_method": "gptq", "bits": 4, "group_size": 0 """, "safetensors: config.json: quantization_config.group_size: expected -1 or a whole number of at least 1, found 0")]
    [InlineData(""" "quant_method": "gptq", "bits": 4, "group_size": "64" """, "safetensors: config.json: quantization_config.group_size: expected -1 or a whole number of at least 1, found the string \"64\"")]
    [InlineData(""" "quant_method": "gptq", "bits": 5, "group_size": 64 """, "gptq: layer 'a.0.q_proj': 5 bits is not available; so it is with 59 more layers")]
    [InlineData(""" "quant_method": "gptq", "bits": 4, "group_size": 32 """, "gptq: layer 'a.0.q_proj': expected tensor 'a.0.q_proj.qzeros' I32 [2, 2], found I32 [1, 2]; so it is with 59 more layers")]
    public void What_all_layers_have_wrong_is_told_once(string section, string expected) =>
        Assert.Equal(expected, Assert.Single(Open(section, Enumerable.Range(0, 60).Select(i => ($"a.{i}.q_proj", GptqTensors))).Metadata.Problems, p => !p.Contains("model_type", StringComparison.Ordinal)));

    [Fact]
    public void What_layers_have_wrong_each_in_its_own_way_is_told_of_fifty()
    {
        IEnumerable<(string, string)> modules = Enumerable.Range(0, 60).Select(i => ($"a.{i}.q_proj", $"qweight I32 8,16; qzeros I32 1,{i + 3}; scales F16 1,16"));
        string[] problems = [.. Open(Gptq, modules).Metadata.Problems.Where(p => !p.Contains("model_type", StringComparison.Ordinal))];
        Assert.Equal(51, problems.Length);
        Assert.Equal("safetensors: config.json: quantization_config: 10 more layers cannot be read", problems[^1]);
    }

    [Theory]
    [InlineData(Gptq, GptqTensors, "gptq4", 16, 64), InlineData(Awq, AwqTensors, "awq4", 16, 64), InlineData(Mlx, MlxTensors, "mlx_affine4", 4, 64), InlineData(Ct, CtTensors, "ct_packed4", 4, 64)]
    [InlineData(""" "quant_method": "fp8", "weight_block_size": [128, 128] """, "weight F8_E4M3 160,200; weight_scale_inv F32 2,2; input_scale F32 1", "f8_e4m3", 160, 200)]
    [InlineData(""" "quant_method": "gptq", "bits": 4, "group_size": 128, "dynamic": {"+:.*q_proj": {"bits": 8, "group_size": 32}} """, "qweight I32 16,16; qzeros I32 2,4; scales F16 2,16", "gptq8", 16, 64)]
    [InlineData(""" "quant_method": "gptq", "bits": 4, "group_size": -1 """, GptqTensors, "gptq4", 16, 64)]
    [InlineData(Mlx + """, "a.q_proj": {"bits": 8} """, "weight U32 4,16; scales BF16 4,1; biases BF16 4,1", "mlx_affine8", 4, 64)]
    [InlineData(Mlx + """, "a.q_proj": {"mode": "mxfp8"} """, "weight U32 4,16; scales U8 4,2", "mx_fp8", 4, 64)]
    public void Modules_become_weights_of_which_every_tensor_is_used(string section, string tensors, string id, long rows, long columns)
    {
        ModelSource source = Open(section, tensors);
        WeightTensor weight = Assert.Single(source.Tensors);
        Assert.Equal(("a.q_proj.weight", id), (weight.Name, weight.Quantization));
        Assert.Equal([rows, columns], weight.Shape);
    }

    [Theory]
    // 64 columns of groups of 48 are two groups, and not two of 32.
    [InlineData(Ct + Groups + """ "group_size": 48}}} """, 48)]
    [InlineData(Ct + Groups + """ "group_size": 32}}} """, 32)]
    [InlineData(Ct + """, "config_groups": {"a": {"weights": {"num_bits": 8, "group_size": 32}}, "b": {"weights": {"num_bits": 4, "group_size": 40}}, "c": {"weights": {"num_bits": 4, "strategy": "channel"}}} """, 40)]
    [InlineData(Ct, 32)]
    public void Packed_groups_are_those_of_the_section(string section, int group) =>
        Assert.Equal($"{group}", Assert.Single(Open(section, CtTensors2).Tensors).Parameters["group"]);

    [Theory]
    [InlineData("2,1", "128")]
    // A scale for each row stays that.
    [InlineData("160,1", null)]
    public void A_column_of_scales_may_be_of_rectangles(string scales, string? rows)
    {
        const string Section = """ "quant_method": "compressed-tensors", "format": "float-quantized", "config_groups": {"group_0": {"weights": {"num_bits": 8, "type": "float", "strategy": "block", "block_structure": [128, 128]}}} """;
        WeightTensor weight = Assert.Single(Open(Section, $"weight F8_E4M3 160,100; weight_scale F32 {scales}").Tensors);
        Assert.Equal(("f8_e4m3", rows, rows), (weight.Quantization, weight.Parameters.GetValueOrDefault("scale_rows"), weight.Parameters.GetValueOrDefault("scale_columns")));
    }

    [Theory]
    [InlineData("fp4"), InlineData("nf4")]
    public void Double_quantization_is_read_with_both_kinds_of_levels(string kind)
    {
        byte[] state = Encoding.UTF8.GetBytes($$"""{"quant_type": "{{kind}}", "blocksize": 64, "dtype": "bfloat16", "shape": [16, 32], "nested_blocksize": 256, "nested_dtype": "float32", "nested_offset": 0.25}""");
        string map = "; weight.nested_quant_map F32 256", tensors = $"weight U8 256,1; weight.absmax U8 8; weight.nested_absmax F32 1; weight.quant_map F32 16; weight.quant_state.bitsandbytes__{kind} U8 {state.Length} {string.Join(',', state)}";
        WeightTensor weight = Assert.Single(Open(Bnb, tensors + map).Tensors);
        Assert.Equal(("a.q_proj.weight", $"bnb_{kind}"), (weight.Name, weight.Quantization));
        Assert.Equal([16, 32], weight.Shape);
        Assert.Equal(("64", "256", "0.25"), (weight.Parameters["block"], weight.Parameters["nested_block"], weight.Parameters["nested_offset"]));
        Assert.Equal(["data", "levels", "magnitudes", "nested_levels", "nested_magnitudes"], weight.Parts.Select(p => p.Name).Order(StringComparer.Ordinal));
        Assert.Contains(Open(Bnb, tensors).Metadata.Problems, p => p.EndsWith("tensor 'a.q_proj.weight.nested_quant_map' is missing", StringComparison.Ordinal));
        Assert.Contains(Open(Bnb, tensors.Replace("absmax U8 8", "absmax U8 7", StringComparison.Ordinal) + map).Metadata.Problems, p => p.EndsWith("expected tensor 'a.q_proj.weight.absmax' U8 [8], found U8 [7]", StringComparison.Ordinal));
    }

    private static ModelSource Open(string section, string tensors) => Open(section, [("a.q_proj", tensors)]);

    /// <summary>A folder of modules, their tensors as "ending TYPE dimensions values".</summary>
    private static ModelSource Open(string section, IEnumerable<(string Name, string Tensors)> modules)
    {
        SafetensorsWriter writer = new();
        foreach ((string module, string[] tensor) in modules.SelectMany(m => m.Tensors.Split("; ").Select(t => (m.Name, t.Split(' ')))))
        {
            long[] shape = tensor[2] == "-" ? [] : [.. tensor[2].Split(',').Select(long.Parse)];
            int size = tensor[1] switch { "I64" => 8, "I32" or "U32" or "F32" => 4, "F16" or "BF16" => 2, _ => 1 };
            byte[] data = new byte[shape.Aggregate(1L, (a, b) => a * b) * size];
            if (tensor.Length > 3)
                foreach ((int i, long value) in tensor[3].Split(',').Select(long.Parse).Index())
                    BitConverter.GetBytes(value).AsSpan(0, size).CopyTo(data.AsSpan(i * size));
            writer.Add(tensor[0].StartsWith('_') ? $"{module}{tensor[0]}" : $"{module}.{tensor[0]}", tensor[1], shape, data);
        }
        using TestModelFiles files = new(("model.safetensors", writer.ToBytes()), ("config.json", Encoding.UTF8.GetBytes("{\"quantization_config\": {" + section + "}}")));
        return new SafetensorsFormat().Open(files);
    }
}
