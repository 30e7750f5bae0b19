using System.Text;
using System.Text.Json.Nodes;

namespace Tessera.Format.Safetensors.Tests;

/// <summary>Files that are missing or broken: each is told by name, and what the others say is there to look at.</summary>
public sealed class FaultTests
{
    private static readonly (string Name, byte[] Bytes)[] Whole = Folders.Find("llama").ToFolder();

    [Theory]
    [InlineData("gone", "model.safetensors.index.json", "names files that are not there: 2.safetensors")]
    [InlineData("cut", "2.safetensors", "bytes")]
    public void Without_a_shard_the_others_tensors_are_there(string what, params string[] named)
    {
        (string Name, byte[] Bytes)[] files = Shards(what, out string[] kept);
        Folders.Open(files, source =>
        {
            string fault = Assert.Single(source.Faults);
            Assert.All(named, n => Assert.Contains(n, fault, StringComparison.Ordinal));
            // That tensors are missing is not a second problem.
            Assert.Equal([fault], source.Metadata.Problems);
            Assert.Equal(kept.Order(StringComparer.Ordinal), source.Tensors.Select(t => t.Name));
            Assert.Equal(("llama", true), (source.Metadata.Architecture, source.Properties.ContainsKey("hidden_size")));
        });
    }

    [Fact]
    public void What_the_index_says_of_a_file_and_is_not_there_is_told_once()
    {
        (string Name, byte[] Bytes)[] files = Shards("", out _, index =>
        {
            for (int i = 0; i < 30; i++)
                index[$"model.layers.{i}.bias"] = "1.safetensors";
        });
        Folders.Faulty(files, "file '1.safetensors': tensor 'model.layers.0.bias': missing, though model.safetensors.index.json says that it is in this file; so it is with 29 more tensors");
    }

    [Fact]
    public void Of_many_broken_shards_the_first_are_told_and_the_rest_counted()
    {
        JsonObject map = [];
        for (int i = 0; i < 40; i++)
            map[$"t{i}"] = $"s{i}.safetensors";
        Folders.Open([Whole[0], (ModelTensors.IndexFile, Index(map)), .. Enumerable.Range(0, 40).Select(i => ($"s{i}.safetensors", new byte[4]))], source =>
        {
            Assert.Equal(17, source.Faults.Count);
            Assert.Contains("24 more of its files cannot be read", source.Faults[^1], StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("config.json", "{\"hidden_size\": 0x40}", "file 'config.json': not valid JSON")]
    [InlineData("generation_config.json", "[]", "generation_config.json")]
    [InlineData("generation_config.json", "{", "generation_config.json")]
    [InlineData("modules.json", "{", "file 'modules.json': not valid JSON")]
    [InlineData("tokenizer_config.json", "{", "file 'tokenizer_config.json': not valid JSON")]
    public void Beside_a_file_that_is_no_JSON_the_tensors_are_there(string name, string text, string expected)
    {
        (string, byte[])[] files = [.. Whole.Where(f => f.Name != name), (name, Encoding.UTF8.GetBytes(text)), ("tokenizer.json", "{}"u8.ToArray())];
        Folders.Faulty(files, expected);
        Folders.Open(files, source => Assert.True(source is { Tensors.Length: > 0, Tokenizer: not null }));
    }

    [Fact]
    public void A_quantization_that_is_no_object_is_a_problem_of_running_only() =>
        Folders.Open(Folders.With("llama", c => c["quantization_config"] = 4), source =>
        {
            Assert.Contains("config.json: quantization_config: expected an object, found 4", Assert.Single(source.Metadata.Problems), StringComparison.Ordinal);
            Assert.Empty(source.Faults);
            Assert.NotEmpty(source.Tensors);
        });

    /// <summary>The tiny model in two shards, the second of them damaged, and the names of the tensors in the first.</summary>
    private static (string Name, byte[] Bytes)[] Shards(string damage, out string[] kept, Action<JsonObject>? index = null)
    {
        using TestModelFiles memory = TestModelFiles.Folder("folder", Whole);
        StoredTensor[] tensors = [.. SafetensorsFile.Read(memory.TryOpen(ModelTensors.SingleFile)!).Tensors];
        SafetensorsWriter[] shards = [new(), new()];
        JsonObject map = [];
        for (int i = 0; i < tensors.Length; i++)
        {
            shards[i % 2].Add(tensors[i].Name, "F32", tensors[i].Shape, tensors[i].Bytes.ToArray());
            map[tensors[i].Name] = i % 2 == 0 ? "1.safetensors" : "2.safetensors";
        }
        index?.Invoke(map);
        kept = [.. tensors.Where((_, i) => i % 2 == 0).Select(t => t.Name)];
        (string, byte[]) second = ("2.safetensors", damage == "cut" ? shards[1].ToBytes()[..^4] : shards[1].ToBytes());
        return [Whole[0], (ModelTensors.IndexFile, Index(map)), ("1.safetensors", shards[0].ToBytes()), .. damage == "gone" ? [] : new[] { second }];
    }

    private static byte[] Index(JsonObject map) => Encoding.UTF8.GetBytes(new JsonObject { ["weight_map"] = map }.ToJsonString());
}
