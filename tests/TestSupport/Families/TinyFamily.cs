namespace Tessera.TestSupport.Families;

/// <summary>A tiny model of one family as a GGUF file: seeded values, every optional tensor present and none trivial. Values depend on the tensor's name alone, so that one more tensor changes no other.</summary>
public sealed class TinyFamily
{
    /// <summary>The sizes that all have in common.</summary>
    public const int Vocabulary = 40, Width = 32, Inner = 48, Heads = 4, KeyHeads = 2;
    /// <summary>The epsilon of all norms: large, so that it shows.</summary>
    public const float Epsilon = 0.01f;
    /// <summary>The base of all rotations: small, so that every pair turns within a few tokens.</summary>
    public const float RopeBase = 100;

    private readonly Dictionary<string, object> _keys = [];
    private readonly List<(string Name, long[] Shape)> _tensors = [];

    /// <summary>A model with an embedding, a last norm and its layers' projections.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="architecture">GGUF's name of the family.</param>
    /// <param name="layers">Its layers.</param>
    /// <param name="head">The length of its heads.</param>
    /// <param name="epsilon">The epsilon's key.</param>
    public TinyFamily(string name, string architecture, int layers, int head, string epsilon = "attention.layer_norm_rms_epsilon")
    {
        (Name, Architecture, LayerCount, Head) = (name, architecture, layers, head);
        Key("context_length", 64).Key("embedding_length", Width).Key("block_count", layers).Key("feed_forward_length", Inner).Key("vocab_size", Vocabulary)
            .Key("attention.head_count", Heads).Key("attention.head_count_kv", KeyHeads).Key(epsilon, Epsilon).Key("rope.freq_base", RopeBase);
        if (head * Heads != Width)
            Key("attention.key_length", head).Key("attention.value_length", head);
        Global("token_embd.weight", Vocabulary, Width).Global("output_norm.weight", Width);
        EachLayer("attn_output.weight", Width, Heads * head).EachLayer("ffn_up.weight", Inner, Width).EachLayer("ffn_down.weight", Width, Inner);
    }

    /// <summary>The model's name.</summary>
    public string Name { get; }

    /// <summary>GGUF's name of the family.</summary>
    public string Architecture { get; }

    /// <summary>The number of layers.</summary>
    public int LayerCount { get; }

    /// <summary>The length of a head.</summary>
    public int Head { get; }

    /// <summary>The architecture's own keys.</summary>
    public IEnumerable<string> Keys => _keys.Keys;

    /// <summary>Every tensor.</summary>
    public IReadOnlyList<(string Name, long[] Shape)> Tensors => _tensors;

    /// <summary>The tokens that its sequences are planned for; 0: the shortest.</summary>
    public int Planned { get; init; }

    /// <summary>Sets a key of the architecture's own: an int, float, bool, string or array of bools.</summary>
    public TinyFamily Key(string key, object value)
    {
        _keys[key] = value;
        return this;
    }

    /// <summary>Adds a tensor.</summary>
    public TinyFamily Global(string name, params long[] shape)
    {
        _tensors.Add((name, shape));
        return this;
    }

    /// <summary>Adds a tensor to every layer.</summary>
    public TinyFamily EachLayer(string name, params long[] shape)
    {
        for (int i = 0; i < LayerCount; i++)
            Global($"blk.{i}.{name}", shape);
        return this;
    }

    /// <summary>Takes a layer's tensors of these names away.</summary>
    public TinyFamily Without(int layer, params string[] names)
    {
        _tensors.RemoveAll(t => names.Any(n => t.Name == $"blk.{layer}.{n}"));
        return this;
    }

    /// <summary>Takes a tensor of the whole model away.</summary>
    public TinyFamily WithoutGlobal(string name)
    {
        _tensors.RemoveAll(t => t.Name == name);
        return this;
    }

    /// <summary>Makes layers have experts instead of one feed-forward.</summary>
    public TinyFamily Experts(int count, int used, int inner, bool biases = false, int firstLayer = 0)
    {
        for (int i = firstLayer; i < LayerCount; i++)
        {
            Without(i, "ffn_gate.weight", "ffn_up.weight", "ffn_down.weight").Global($"blk.{i}.ffn_gate_inp.weight", count, Width);
            Global($"blk.{i}.ffn_gate_exps.weight", count, inner, Width).Global($"blk.{i}.ffn_up_exps.weight", count, inner, Width).Global($"blk.{i}.ffn_down_exps.weight", count, Width, inner);
            if (biases)
                Global($"blk.{i}.ffn_gate_inp.bias", count).Global($"blk.{i}.ffn_gate_exps.bias", count, inner).Global($"blk.{i}.ffn_up_exps.bias", count, inner).Global($"blk.{i}.ffn_down_exps.bias", count, Width);
        }
        return Key("expert_count", count).Key("expert_used_count", used);
    }

    /// <summary>Adds queries, keys and values as three matrices, and their biases where asked.</summary>
    public TinyFamily Qkv(bool biases = false, Func<int, bool>? keyBias = null)
    {
        EachLayer("attn_q.weight", Heads * Head, Width).EachLayer("attn_k.weight", KeyHeads * Head, Width).EachLayer("attn_v.weight", KeyHeads * Head, Width);
        if (!biases)
            return this;
        // Softmax does not see a bias of keys that do not rotate.
        for (int i = 0; i < LayerCount; i++)
            if (keyBias?.Invoke(i) ?? true)
                Global($"blk.{i}.attn_k.bias", KeyHeads * Head);
        return EachLayer("attn_q.bias", Heads * Head).EachLayer("attn_v.bias", KeyHeads * Head);
    }

    /// <summary>Adds the gate of the feed-forward.</summary>
    public TinyFamily Gate() => EachLayer("ffn_gate.weight", Inner, Width);

    /// <summary>Makes <c>ffn_up</c> hold the gate's rows before its own.</summary>
    public TinyFamily FusedGate()
    {
        _tensors.RemoveAll(t => t.Name.EndsWith("ffn_up.weight", StringComparison.Ordinal));
        return EachLayer("ffn_up.weight", 2 * Inner, Width);
    }

    /// <summary>Adds norms of each query and key head, with weights of each head's own.</summary>
    public TinyFamily HeadNorms() => EachLayer("attn_q_norm.weight", Heads, Head).EachLayer("attn_k_norm.weight", KeyHeads, Head);

    /// <summary>Adds norms of all queries and of all keys of a token.</summary>
    public TinyFamily RowNorms() => EachLayer("attn_q_norm.weight", Heads * Head).EachLayer("attn_k_norm.weight", KeyHeads * Head);

    /// <summary>Adds norms of the row to every layer.</summary>
    public TinyFamily Norms(params string[] names)
    {
        foreach (string name in names)
            EachLayer($"{name}.weight", Width);
        return this;
    }

    /// <summary>Adds biases of the row's width to every layer.</summary>
    public TinyFamily RowBiases(params string[] names)
    {
        foreach (string name in names)
            EachLayer($"{name}.bias", Width);
        return this;
    }

    /// <summary>Adds biases of the feed-forward's inner width to every layer.</summary>
    public TinyFamily InnerBiases(params string[] names)
    {
        foreach (string name in names)
            EachLayer($"{name}.bias", Inner);
        return this;
    }

    /// <summary>Adds an output matrix of its own.</summary>
    public TinyFamily Output() => Global("output.weight", Vocabulary, Width);

    /// <summary>The values of a tensor.</summary>
    public float[] Values(string name)
    {
        long[] shape = _tensors.Find(t => t.Name == name).Shape ?? throw new KeyNotFoundException($"{Name}: there is no tensor '{name}'");
        float[] values = new float[shape.Aggregate(1L, (a, b) => a * b)];
        ulong state = Hash($"{Name}/{name}");
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)Shaped(name, shape[^1], Uniform(ref state));
        return values;
    }

    /// <summary>The file.</summary>
    /// <param name="key">A key whose value is another, or null.</param>
    /// <param name="value">Its value; null: the key is left out.</param>
    /// <param name="tensor">What becomes of a tensor: its shape, another shape, or null to leave it out.</param>
    /// <param name="encode">The ggml type and bytes of a tensor's values, or null for one that stays in f32.</param>
    public byte[] ToGguf(string? key = null, object? value = null, Func<string, long[], long[]?>? tensor = null, Func<string, float[], (uint Type, byte[] Data)?>? encode = null)
    {
        GgufWriter writer = new(Architecture);
        writer.Add("tokenizer.ggml.model", "none");
        foreach ((string name, object own) in _keys)
            if (name != key)
                Add(writer, $"{Architecture}.{name}", own);
        if (key is not null && value is not null)
            Add(writer, $"{Architecture}.{key}", value);
        foreach ((string name, long[] shape) in _tensors)
            if (encode?.Invoke(name, Values(name)) is { } encoded)
                writer.Tensor(name, encoded.Type, shape, encoded.Data);
            else if ((tensor is null ? shape : tensor(name, shape)) is { } found)
                writer.Tensor(name, found, Values(name).AsSpan(0, (int)Math.Min(Values(name).Length, found.Aggregate(1L, (a, b) => a * b))));
        return writer.ToBytes();
    }

    private static double Shaped(string name, long columns, double uniform) =>
        name.EndsWith("norm.weight", StringComparison.Ordinal) ? 1 + 0.4 * uniform
        : name.EndsWith(".bias", StringComparison.Ordinal) ? 0.5 * uniform
        : name.StartsWith("rope_f", StringComparison.Ordinal) ? 2 + uniform
        // Large enough for some to be clamped.
        : name.Contains("gate_exps", StringComparison.Ordinal) || name.Contains("up_exps", StringComparison.Ordinal) ? 6 * uniform / Math.Sqrt(columns)
        : name.StartsWith("token_embd", StringComparison.Ordinal) ? 1.7 * uniform
        : name.Contains("attn_q", StringComparison.Ordinal) || name.Contains("attn_k", StringComparison.Ordinal) ? 3 * uniform / Math.Sqrt(columns)
        : 2 * uniform / Math.Sqrt(columns);

    // FNV-1a.
    private static ulong Hash(string text)
    {
        ulong hash = 0xCBF29CE484222325;
        foreach (char c in text)
            hash = (hash ^ c) * 0x100000001B3;
        return hash;
    }

    // splitmix64 (Steele, Lea and Flood 2014), to [-1, 1).
    private static double Uniform(ref ulong state)
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) * Math.Pow(2, -52) - 1;
    }

    private static void Add(GgufWriter writer, string key, object value) => _ = value switch
    {
        int number => writer.Add(key, unchecked((uint)number)),
        float number => writer.Add(key, number),
        bool flag => writer.Add(key, flag),
        string text => writer.Add(key, text),
        bool[] flags => writer.AddArray(key, flags),
        int[] numbers => writer.AddArray(key, numbers),
        _ => throw new ArgumentException($"{key}: {value.GetType().Name} is no type of a key", nameof(value)),
    };
}
