using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Tessera.Acceptance.Tests.Stack;

namespace Tessera.Acceptance.Tests.Resources;

/// <summary>A Llama of seeded random codes as a Hugging Face folder whose linear layers a scheme has quantized.</summary>
internal sealed class SeededFolder
{
    private const int Vocabulary = 288, HeadLength = 64, Group = 128, Block = 64, Mx = 32;

    private readonly Random _random = new(1);
    private readonly SafetensorsWriter _writer = new();
    private readonly string _scheme;

    private SeededFolder(string scheme) => _scheme = scheme;

    /// <summary>The schemes.</summary>
    public static IReadOnlyDictionary<string, string> Schemes { get; } = new Dictionary<string, string>
    {
        ["mlx"] = """{"group_size": 64, "bits": 4}""",
        ["mlx mxfp4"] = """{"group_size": 32, "bits": 4, "mode": "mxfp4"}""",
        ["gptq"] = """{"quant_method": "gptq", "bits": 4, "group_size": 128, "desc_act": false, "sym": false}""",
        ["gptq desc_act"] = """{"quant_method": "gptq", "bits": 4, "group_size": 128, "desc_act": true, "sym": false}""",
        ["awq"] = """{"quant_method": "awq", "bits": 4, "group_size": 128, "version": "gemm", "zero_point": true}""",
        ["compressed-tensors"] = """{"quant_method": "compressed-tensors", "format": "pack-quantized", "config_groups": {"group_0": {"targets": ["Linear"], "weights": {"num_bits": 4, "type": "int", "strategy": "group", "group_size": 128, "symmetric": true}}}}""",
        ["fp8"] = """{"quant_method": "fp8", "weight_block_size": [128, 128]}""",
        ["bitsandbytes nf4"] = """{"quant_method": "bitsandbytes", "load_in_4bit": true, "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": false}""",
        ["bitsandbytes int8"] = """{"quant_method": "bitsandbytes", "load_in_8bit": true}""",
    };

    /// <summary>Writes a folder.</summary>
    public static TemporaryTree Write(string scheme, int layers, int width, int inner)
    {
        SeededFolder it = new(scheme);
        it.Floats("model.embed_tokens.weight", Vocabulary, width);
        it.Norm("model.norm.weight", width);
        for (int i = 0; i < layers; i++)
        {
            string layer = $"model.layers.{i}.";
            it.Norm($"{layer}input_layernorm.weight", width);
            it.Norm($"{layer}post_attention_layernorm.weight", width);
            foreach ((string name, int rows, int columns) in new[]
            {
                ("self_attn.q_proj", width, width), ("self_attn.k_proj", width / 2, width), ("self_attn.v_proj", width / 2, width), ("self_attn.o_proj", width, width),
                ("mlp.gate_proj", inner, width), ("mlp.up_proj", inner, width), ("mlp.down_proj", width, inner),
            })
                it.Module(layer + name, rows, columns);
        }
        TemporaryTree folder = new();
        File.WriteAllBytes(folder["model.safetensors"], it._writer.ToBytes());
        JsonObject tokens = [.. Enumerable.Range(0, Vocabulary).Select(i => KeyValuePair.Create($"w{i}", (JsonNode?)i))];
        File.WriteAllText(folder["tokenizer.json"], $$"""{"version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": null, "model": {"type": "BPE", "vocab": {{tokens.ToJsonString()}}, "merges": []} }""");
        File.WriteAllText(folder["config.json"], $$"""
            {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": {{Vocabulary}}, "hidden_size": {{width}}, "intermediate_size": {{inner}}, "num_hidden_layers": {{layers}}, "num_attention_heads": {{width / HeadLength}},
            "num_key_value_heads": {{width / HeadLength / 2}}, "max_position_embeddings": 4096, "rms_norm_eps": 1e-5, "rope_theta": 10000, "hidden_act": "silu", "tie_word_embeddings": true,
            "{{(scheme.StartsWith("mlx", StringComparison.Ordinal) ? "quantization" : "quantization_config")}}": {{Schemes[scheme]}}}
            """);
        return folder;
    }

    private void Module(string name, int rows, int columns)
    {
        int groups = columns / Group;
        switch (_scheme)
        {
            case "mlx":
                Codes($"{name}.weight", "U32", [rows, columns / 8]);
                Halves($"{name}.scales", rows, columns / Block);
                Halves($"{name}.biases", rows, columns / Block);
                break;
            case "mlx mxfp4":
                Codes($"{name}.weight", "U32", [rows, columns / 8]);
                _writer.Add($"{name}.scales", "U8", [rows, columns / Mx], [.. Enumerable.Repeat((byte)119, rows * columns / Mx)]);
                break;
            case "gptq" or "gptq desc_act":
                int[] index = [.. Enumerable.Range(0, columns).Select(i => i / Group)];
                if (_scheme != "gptq")
                    _random.Shuffle(index);
                Codes($"{name}.qweight", "I32", [columns / 8, rows]);
                Codes($"{name}.qzeros", "I32", [groups, rows / 8]);
                Halves($"{name}.scales", groups, rows);
                _writer.Add($"{name}.g_idx", "I32", [columns], MemoryMarshal.AsBytes(index.AsSpan()).ToArray());
                break;
            case "awq":
                Codes($"{name}.qweight", "I32", [columns, rows / 8]);
                Codes($"{name}.qzeros", "I32", [groups, rows / 8]);
                Halves($"{name}.scales", groups, rows);
                break;
            case "compressed-tensors":
                Codes($"{name}.weight_packed", "I32", [rows, columns / 8]);
                Halves($"{name}.weight_scale", rows, groups);
                _writer.Add($"{name}.weight_shape", "I64", [2], MemoryMarshal.AsBytes<long>(new long[] { rows, columns }).ToArray());
                break;
            case "fp8":
                // Without the codes of no number.
                _writer.Add($"{name}.weight", "F8_E4M3", [rows, columns], [.. Bytes(rows * columns).Select(b => (b & 0x7f) == 0x7f ? (byte)0 : b)]);
                _writer.Add($"{name}.weight_scale_inv", [(rows + 127) / 128, (columns + 127) / 128], [.. Enumerable.Repeat(1e-4f, (rows + 127) / 128 * ((columns + 127) / 128))]);
                break;
            case "bitsandbytes nf4":
                _writer.Add($"{name}.weight", "U8", [rows * columns / 2, 1], Bytes(rows * columns / 2));
                _writer.Add($"{name}.weight.absmax", [rows * columns / Block], [.. Enumerable.Repeat(0.03f, rows * columns / Block)]);
                _writer.Add($"{name}.weight.quant_map", [16], [.. Enumerable.Range(0, 16).Select(i => i / 7.5f - 1)]);
                byte[] state = System.Text.Encoding.UTF8.GetBytes($$"""{"quant_type": "nf4", "blocksize": {{Block}}, "dtype": "float16", "shape": [{{rows}}, {{columns}}]}""");
                _writer.Add($"{name}.weight.quant_state.bitsandbytes__nf4", "U8", [state.Length], state);
                break;
            case "bitsandbytes int8":
                Codes($"{name}.weight", "I8", [rows, columns], 1);
                _writer.Add($"{name}.SCB", [rows], [.. Enumerable.Repeat(0.03f, rows)]);
                break;
        }
    }

    private void Codes(string name, string type, long[] shape, int size = 4) => _writer.Add(name, type, shape, Bytes((int)(shape[0] * shape[1]) * size));

    private void Halves(string name, int rows, int columns) =>
        _writer.Add(name, "F16", [rows, columns], MemoryMarshal.AsBytes<Half>([.. Enumerable.Range(0, rows * columns).Select(_ => (Half)(0.002f + 0.001f * _random.NextSingle()))]).ToArray());

    private void Floats(string name, int rows, int columns) => _writer.Add(name, [rows, columns], [.. Enumerable.Range(0, rows * columns).Select(_ => _random.NextSingle() - 0.5f)]);

    private void Norm(string name, int width) => _writer.Add(name, [width], [.. Enumerable.Repeat(1f, width)]);

    private byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }
}
