using Tessera.Conformance.Fakes;

namespace Tessera.Conformance.Checks;

/// <summary>A Llama-like graph with seeded random weights, written directly in the contract's types.</summary>
internal sealed class CheckModel : IDisposable
{
    private readonly List<MemoryFile> _files = [];
    private readonly List<GraphNode> _nodes = [];
    private readonly CheckShape _shape;
    private readonly IQuantizationRegistry _quantizations;
    private readonly Random _random;
    private readonly CacheGroup[] _groups;

    public CheckModel(CheckShape shape, IQuantizationRegistry quantizations)
    {
        _shape = shape;
        _quantizations = quantizations;
        _random = new Random(shape.Seed);
        _groups = Groups();
        try
        {
            Build();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The number of nodes.</summary>
    public int NodeCount => _nodes.Count;

    /// <summary>The whole graph.</summary>
    public ModelGraph Graph => new()
    {
        Nodes = _nodes,
        CacheGroups = _groups,
        VocabularySize = _shape.Vocabulary,
        Hidden = _nodes[^2].Output,
        Logits = _nodes[^1].Output,
    };

    /// <summary>The first nodes alone, without a head; the last one's output is the hidden state.</summary>
    public ModelGraph Prefix(int nodes) => new()
    {
        Nodes = _nodes[..nodes],
        CacheGroups = _groups,
        VocabularySize = _shape.Vocabulary,
        Hidden = _nodes[nodes - 1].Output,
        Logits = null,
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (MemoryFile file in _files)
            file.Dispose();
    }

    private CacheGroup[] Groups()
    {
        CacheSpec[] caches = [.. Enumerable.Range(0, _shape.Layers).Select(i => new CacheSpec($"blk.{i}", _shape.KeyHeads, _shape.HeadLength, _shape.HeadLength))];
        return _shape.Window == 0
            ? [new CacheGroup("full", CacheKind.Full, 0, caches)]
            : [new CacheGroup("full", CacheKind.Full, 0, [.. caches.Where((_, i) => i % 2 == 0)]), new CacheGroup("window", CacheKind.Window, _shape.Window, [.. caches.Where((_, i) => i % 2 == 1)])];
    }

    private void Build()
    {
        int width = _shape.Width, query = _shape.Heads * _shape.HeadLength, key = _shape.KeyHeads * _shape.HeadLength;
        WeightTensor embedding = Matrix("token_embd.weight", _shape.Vocabulary, width, 1);
        RopeTable table = Table();
        GraphValue x = Add("token_embd", width, v => new EmbedNode("token_embd", v, embedding));
        for (int i = 0; i < _shape.Layers; i++)
        {
            string layer = $"blk.{i}";
            GraphValue h = Norm($"{layer}.attn_norm", x);
            GraphValue q = Rope($"{layer}.rope_q", Linear($"{layer}.attn_q", h, query, _shape.Biases), _shape.Heads, table);
            GraphValue k = Rope($"{layer}.rope_k", Linear($"{layer}.attn_k", h, key, _shape.Biases), _shape.KeyHeads, table);
            GraphValue v = Linear($"{layer}.attn_v", h, key, _shape.Biases);
            GraphValue a = Add($"{layer}.attn", query, o => new AttentionNode($"{layer}.attn", q, k, v, o, layer,
                _shape.Heads, _shape.KeyHeads, _shape.HeadLength, _shape.HeadLength, 1 / MathF.Sqrt(_shape.HeadLength)));
            x = Sum($"{layer}.attn_add", x, Linear($"{layer}.attn_output", a, width, false));
            h = Norm($"{layer}.ffn_norm", x);
            GraphValue gate = Linear($"{layer}.ffn_gate", h, _shape.FeedForward, false), up = Linear($"{layer}.ffn_up", h, _shape.FeedForward, false);
            GraphValue act = Add($"{layer}.ffn_act", _shape.FeedForward, o => new GatedActivationNode($"{layer}.ffn_act", gate, up, o, Activation.Silu));
            x = Sum($"{layer}.ffn_add", x, Linear($"{layer}.ffn_down", act, width, false));
        }
        GraphValue hidden = Norm("output_norm", x);
        WeightTensor head = _shape.TiedEmbeddings ? embedding : Matrix("output.weight", _shape.Vocabulary, width, 1);
        Add("output", _shape.Vocabulary, v => new LmHeadNode("output", hidden, v, head));
    }

    private RopeTable Table()
    {
        int rotating = _shape.RotatingLength == 0 ? _shape.HeadLength : _shape.RotatingLength;
        float[] frequencies = [.. Enumerable.Range(0, rotating / 2).Select(i => (float)Math.Pow(10_000, -2.0 * i / rotating))];
        return new RopeTable(_shape.Pairing, frequencies, _shape.RopeMagnitude);
    }

    private GraphValue Norm(string name, GraphValue x)
    {
        WeightTensor weight = Vector($"{name}.weight", x.Width, 1);
        return Add(name, x.Width, v => new RmsNormNode(name, x, v, weight, 1e-5f));
    }

    private GraphValue Linear(string name, GraphValue x, int rows, bool bias)
    {
        WeightTensor weight = Matrix($"{name}.weight", rows, x.Width, 1 / Math.Sqrt(x.Width));
        WeightTensor? offset = bias ? Vector($"{name}.bias", rows, 0) : null;
        return Add(name, rows, v => new LinearNode(name, x, v, weight, offset));
    }

    private GraphValue Rope(string name, GraphValue x, int heads, RopeTable table) =>
        Add(name, x.Width, v => new RopeNode(name, x, v, heads, _shape.HeadLength, table));

    private GraphValue Sum(string name, GraphValue a, GraphValue b) => Add(name, a.Width, v => new AddNode(name, a, b, v));

    private GraphValue Add(string name, int width, Func<GraphValue, GraphNode> make)
    {
        GraphValue value = new(_nodes.Count, name, width);
        _nodes.Add(make(value));
        return value;
    }

    private WeightTensor Vector(string name, int length, float mean)
    {
        MemoryFile file = MemoryFile.Of(Gaussian(length, 0.1, mean));
        _files.Add(file);
        return file.Tensor(name, "f32", length);
    }

    private WeightTensor Matrix(string name, int rows, int columns, double deviation)
    {
        IQuantization quantization = _quantizations.Find(_shape.Quantization) ?? throw new ArgumentException($"no quantization '{_shape.Quantization}' is registered");
        if (columns % quantization.BlockSize != 0)
            throw new ArgumentException($"'{name}': rows of {columns} are no multiple of the block size {quantization.BlockSize} of '{_shape.Quantization}'");
        WeightValues values = new(name, rows, columns, Gaussian(rows * columns, deviation, 0));
        byte[] bytes;
        if (_shape.Quantize is not null)
            bytes = _shape.Quantize(values);
        else if (quantization is IQuantizer quantizer)
            quantizer.Quantize(values.Values, bytes = new byte[quantizer.QuantizedBytes(values.Values.Length)]);
        else
            throw new ArgumentException($"quantization '{_shape.Quantization}' is no IQuantizer: give {nameof(CheckShape)}.{nameof(CheckShape.Quantize)}");
        MemoryFile file = new(name, bytes);
        _files.Add(file);
        WeightTensor weight = file.Tensor(name, _shape.Quantization, rows, columns);
        quantization.Validate(weight);
        return weight;
    }

    // Box and Muller, 1958.
    private float[] Gaussian(int count, double deviation, double mean)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = (float)(mean + deviation * Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble()));
        return values;
    }
}
