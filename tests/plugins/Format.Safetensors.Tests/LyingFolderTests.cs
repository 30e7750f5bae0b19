using System.Text;
using System.Text.Json.Nodes;

namespace Tessera.Format.Safetensors.Tests;

/// <summary>Folders whose files say what is not so: refused by name before anything is computed with them.</summary>
public sealed class LyingFolderTests
{
    private const string Weight = "model.layers.0.self_attn.q_proj.weight";

    [Theory]
    [InlineData("F8_E4M3", null, null, null)]
    [InlineData("F8_E4M3", null, "_scale_inv", "a scheme in config.json that says what 'model.layers.0.self_attn.q_proj.weight_scale_inv' does to it")]
    [InlineData("F8_E5M2", null, "_scale", "a scheme in config.json that says what 'model.layers.0.self_attn.q_proj.weight_scale' does to it")]
    [InlineData("F8_E4M3", "fp8", null, "scales, of which the folder has none for it (fp8, 0 modules)")]
    public void Floats_of_eight_bits_whose_scales_nobody_applies_are_refused(string type, string? method, string? scale, string? expected)
    {
        (string Name, byte[] Bytes)[] folder = Rewrite(
            Folders.With("llama", c => c["quantization_config"] = method is null ? null : new JsonObject { ["quant_method"] = method }), type, scale);
        Folders.Open(folder, source =>
        {
            if (expected is null)
                Assert.Empty(source.Metadata.Problems);
            else
                Assert.Contains($"tensor '{Weight}': {type} needs {expected}", Assert.Single(source.Metadata.Problems), StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Of_a_long_value_the_beginning_is_shown()
    {
        JsonArray many = [.. Enumerable.Range(0, 200_000).Select(i => (JsonNode)i)];
        string text = new('x', 1 << 20);
        Folders.Open(Folders.With("llama", c => (c["many"], c["text"], c["spaces"]) = (many, text, new string(' ', 1 << 20))), source =>
        {
            Assert.StartsWith("[0,1,2,3", source.Properties["many"], StringComparison.Ordinal);
            Assert.Equal($"{new string('x', 240)}…", source.Properties["text"]);
            Assert.All(source.Properties.Values, v => Assert.InRange(v.Length, 0, 300));
        });
    }

    [Theory]
    [InlineData("model.safetensors.index.json", "header length")]
    [InlineData("config.json", "header length")]
    [InlineData("gone.safetensors", "gone.safetensors")]
    public void An_index_that_names_what_is_no_shard_is_refused(string shard, string named)
    {
        string index = new JsonObject { ["weight_map"] = new JsonObject { [Weight] = shard } }.ToJsonString();
        Folders.Faulty([("config.json", "{\"architectures\": [\"LlamaForCausalLM\"]}"u8.ToArray()), (ModelTensors.IndexFile, Encoding.UTF8.GetBytes(index))], named);
    }

    [Fact]
    public void A_tensor_that_two_shards_have_is_the_one_of_the_file_that_the_index_names()
    {
        byte[] one = new SafetensorsWriter().Add("a", [1], [1]).Add("b", [1], [2]).ToBytes(), two = new SafetensorsWriter().Add("b", [1], [3]).ToBytes();
        string index = """{"weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}""";
        using TestModelFiles files = TestModelFiles.Folder("folder", (ModelTensors.IndexFile, Encoding.UTF8.GetBytes(index)), ("1.safetensors", one), ("2.safetensors", two));
        ModelTensors tensors = ModelTensors.Open(files);
        Assert.Equal("2.safetensors", tensors.All["b"].File.Name);
        Assert.Contains("tensor 'b' is passed over", Assert.Single(tensors.Warnings), StringComparison.Ordinal);
    }

    /// <summary>The folder with one weight in another type of a byte, and maybe a tensor beside it.</summary>
    private static (string Name, byte[] Bytes)[] Rewrite((string Name, byte[] Bytes)[] folder, string type, string? scale)
    {
        SafetensorsWriter writer = new();
        using TestModelFiles files = TestModelFiles.Folder("folder", folder);
        foreach (StoredTensor tensor in SafetensorsFile.Read(files.TryOpen(ModelTensors.SingleFile)!).Tensors)
            if (tensor.Name == Weight)
                writer.Add(tensor.Name, type, tensor.Shape, new byte[tensor.Length / 4]);
            else
                writer.Add(tensor.Name, "F32", tensor.Shape, tensor.Bytes.ToArray());
        if (scale is not null)
            writer.Add(Weight + scale, [1], [0.5f]);
        return [.. folder.Select(f => f.Name == ModelTensors.SingleFile ? (f.Name, writer.ToBytes()) : f)];
    }
}
