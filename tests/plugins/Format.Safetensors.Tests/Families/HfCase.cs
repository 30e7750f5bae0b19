using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tessera.TestSupport.Families;

namespace Tessera.Format.Safetensors.Tests.Families;

/// <summary>A tiny model of a family as a Hugging Face folder: the same values as its GGUF file has, under the names and in the order of rows that the library's class has.</summary>
/// <param name="Name">The case's name.</param>
/// <param name="Tiny">The tiny model.</param>
/// <param name="Config">The fields of config.json beside those that all have.</param>
internal sealed partial record HfCase(string Name, string Tiny, string Config)
{
    /// <summary>Names within a layer that are other than most families'; an empty one: the tensor is not in the folder, nor in the GGUF file.</summary>
    public Dictionary<string, string> Layer { get; init; } = [];

    /// <summary>Names outside of layers that are other than most families'.</summary>
    public Dictionary<string, string> Outside { get; init; } = [];

    /// <summary>Norm weights are stored less 1.</summary>
    public bool Offsets { get; init; }

    /// <summary>Rows of queries and keys that rotate together stand half a head apart, where GGUF has them as neighbours.</summary>
    public bool Halves { get; init; }

    /// <summary>A key that the GGUF file is without.</summary>
    public string? WithoutKey { get; init; }

    /// <summary>Changes tensors, or what they are split into; null: left as it is.</summary>
    public Func<string, long[], float[], IEnumerable<(string Name, long[] Shape, float[] Values)>?>? Split { get; init; }

    /// <summary>Tensors that are made of several, added at the end.</summary>
    public Func<TinyFamily, IEnumerable<(string Name, long[] Shape, float[] Values)>>? Joined { get; init; }

    private static readonly Dictionary<string, string> CommonLayer = new(StringComparer.Ordinal)
    {
        ["attn_norm"] = "input_layernorm",
        ["ffn_norm"] = "post_attention_layernorm",
        ["attn_q"] = "self_attn.q_proj",
        ["attn_k"] = "self_attn.k_proj",
        ["attn_v"] = "self_attn.v_proj",
        ["attn_output"] = "self_attn.o_proj",
        ["attn_q_norm"] = "self_attn.q_norm",
        ["attn_k_norm"] = "self_attn.k_norm",
        ["ffn_gate"] = "mlp.gate_proj",
        ["ffn_up"] = "mlp.up_proj",
        ["ffn_down"] = "mlp.down_proj",
    };

    private static readonly Dictionary<string, string> CommonOutside = new(StringComparer.Ordinal)
    {
        ["token_embd"] = "model.embed_tokens",
        ["output_norm"] = "model.norm",
        ["output"] = "lm_head",
        ["rope_freqs"] = "",
    };

    /// <summary>The GGUF file: without what the folder cannot have.</summary>
    public byte[] ToGguf() => TinyFamilies.Find(Tiny).ToGguf(key: WithoutKey, tensor: (name, shape) => Stored(name).Length == 0 ? null : shape);

    /// <summary>The folder's files.</summary>
    /// <param name="prefix">What <c>model.</c> becomes.</param>
    /// <param name="config">Changes config.json, or null.</param>
    public (string Name, byte[] Bytes)[] ToFolder(Func<string, string>? prefix = null, Action<JsonObject>? config = null)
    {
        SafetensorsWriter writer = new();
        TinyFamily tiny = TinyFamilies.Find(Tiny);
        foreach ((string name, long[] shape) in tiny.Tensors)
        {
            string stored = Stored(name);
            if (stored.Length == 0)
                continue;
            float[] values = tiny.Values(name);
            if (Offsets && name.EndsWith("norm.weight", StringComparison.Ordinal))
                values = [.. values.Select(v => v - 1)];
            if (Halves && RotatingTensor().IsMatch(name))
                values = Apart(values, shape, tiny.Head);
            foreach ((string part, long[] partShape, float[] partValues) in Split?.Invoke(stored, shape, values) ?? [(stored, shape, values)])
                writer.Add(prefix?.Invoke(part) ?? part, partShape, partValues);
        }
        foreach ((string name, long[] shape, float[] values) in Joined?.Invoke(tiny) ?? [])
            writer.Add(prefix?.Invoke(name) ?? name, shape, values);
        JsonObject json = Json(tiny);
        config?.Invoke(json);
        return [("config.json", Encoding.UTF8.GetBytes(json.ToJsonString())), ("model.safetensors", writer.ToBytes())];
    }

    private JsonObject Json(TinyFamily tiny)
    {
        JsonObject json = new()
        {
            ["vocab_size"] = TinyFamily.Vocabulary,
            ["hidden_size"] = TinyFamily.Width,
            ["intermediate_size"] = TinyFamily.Inner,
            ["num_hidden_layers"] = tiny.LayerCount,
            ["num_attention_heads"] = TinyFamily.Heads,
            ["num_key_value_heads"] = TinyFamily.KeyHeads,
            ["head_dim"] = tiny.Head,
            ["max_position_embeddings"] = 64,
            ["rope_theta"] = TinyFamily.RopeBase,
            ["rms_norm_eps"] = TinyFamily.Epsilon,
            ["tie_word_embeddings"] = tiny.Tensors.All(t => t.Name != "output.weight"),
        };
        foreach ((string key, JsonNode? value) in JsonNode.Parse(Config)!.AsObject())
            json[key] = value?.DeepClone();
        return json;
    }

    private string Stored(string name)
    {
        int dot = name.LastIndexOf('.');
        string module = name[..dot], ending = name[dot..];
        if (module.Split('.') is ["blk", { } layer, { } inner])
        {
            string found = Layer.GetValueOrDefault(inner + ending) ?? Layer.GetValueOrDefault(inner) ?? CommonLayer.GetValueOrDefault(inner) ?? throw new KeyNotFoundException(name);
            return found.Length == 0 ? "" : found.EndsWith('!') ? $"model.layers.{layer}.{found[..^1]}" : $"model.layers.{layer}.{found}{ending}";
        }
        string outside = Outside.GetValueOrDefault(name) ?? Outside.GetValueOrDefault(module) ?? CommonOutside.GetValueOrDefault(module) ?? throw new KeyNotFoundException(name);
        return outside.Length == 0 ? "" : outside + ending;
    }

    // Neighbours 2i and 2i + 1 of a head become i and i + d/2.
    private static float[] Apart(float[] values, long[] shape, int head)
    {
        int columns = shape.Length == 1 ? 1 : (int)shape[^1], rows = values.Length / columns;
        float[] apart = new float[values.Length];
        for (int row = 0; row < rows; row++)
        {
            int inHead = row % head, to = row - inHead + inHead / 2 + (inHead % 2 == 0 ? 0 : head / 2);
            values.AsSpan(row * columns, columns).CopyTo(apart.AsSpan(to * columns));
        }
        return apart;
    }

    [GeneratedRegex(@"attn_[qk]\.(weight|bias)$")]
    private static partial Regex RotatingTensor();
}
