using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Tessera.TestSupport;

/// <summary>A Llama of 70 billion BF16 weights as a Hugging Face folder in shards, of which only the headers are on the disk: the rest of the files are holes.</summary>
public static class SparseFolder
{
    private const int Layers = 80, Width = 8192, Inner = 28_672, Vocabulary = 128_256, Keys = 1024;

    /// <summary>The model's tensors.</summary>
    public const int Tensors = 3 + 9 * Layers;

    /// <summary>Writes the folder's files.</summary>
    /// <param name="folder">A folder that is there.</param>
    /// <param name="shards">The number of shards.</param>
    /// <returns>The bytes that the shards' tensors have.</returns>
    public static long Write(string folder, int shards)
    {
        List<(string Name, long[] Shape)> tensors = All();
        JsonObject map = [];
        long all = 0;
        for (int shard = 0; shard < shards; shard++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"model-{shard + 1:D5}-of-{shards:D5}.safetensors");
            JsonObject header = [];
            long offset = 0;
            foreach ((string tensor, long[] shape) in tensors[(shard * tensors.Count / shards)..((shard + 1) * tensors.Count / shards)])
            {
                long length = 2 * shape.Aggregate(1L, (a, b) => a * b);
                header[tensor] = new JsonObject { ["dtype"] = "BF16", ["shape"] = new JsonArray([.. shape.Select(d => (JsonNode)d)]), ["data_offsets"] = new JsonArray(offset, offset + length) };
                map[tensor] = name;
                offset += length;
            }
            byte[] start = SafetensorsWriter.ToBytes(header.ToJsonString(), []);
            using FileStream file = File.Create(Path.Combine(folder, name));
            file.Write(start);
            file.SetLength(start.Length + offset);
            all += offset;
        }
        File.WriteAllBytes(Path.Combine(folder, "model.safetensors.index.json"), Encoding.UTF8.GetBytes(new JsonObject { ["weight_map"] = map }.ToJsonString()));
        File.WriteAllText(Path.Combine(folder, "config.json"), $$"""
            {"architectures": ["LlamaForCausalLM"], "vocab_size": {{Vocabulary}}, "hidden_size": {{Width}}, "intermediate_size": {{Inner}}, "num_hidden_layers": {{Layers}}, "num_attention_heads": 64, "num_key_value_heads": 8}
            """);
        return all;
    }

    private static List<(string Name, long[] Shape)> All()
    {
        List<(string Name, long[] Shape)> tensors = [("model.embed_tokens.weight", [Vocabulary, Width]), ("model.norm.weight", [Width]), ("lm_head.weight", [Vocabulary, Width])];
        for (int i = 0; i < Layers; i++)
            tensors.AddRange(
            [
                ($"model.layers.{i}.input_layernorm.weight", [Width]), ($"model.layers.{i}.post_attention_layernorm.weight", [Width]),
                ($"model.layers.{i}.self_attn.q_proj.weight", [Width, Width]), ($"model.layers.{i}.self_attn.k_proj.weight", [Keys, Width]), ($"model.layers.{i}.self_attn.v_proj.weight", [Keys, Width]), ($"model.layers.{i}.self_attn.o_proj.weight", [Width, Width]),
                ($"model.layers.{i}.mlp.gate_proj.weight", [Inner, Width]), ($"model.layers.{i}.mlp.up_proj.weight", [Inner, Width]), ($"model.layers.{i}.mlp.down_proj.weight", [Width, Inner]),
            ]);
        return tensors;
    }
}
