namespace Tessera.Engine.Graphs;

/// <summary>Collects the nodes of a graph, looks up weights by name and checks their shapes.</summary>
internal sealed class GraphBuilder(ModelSource source)
{
    private readonly Dictionary<string, WeightTensor> _weights = source.Tensors.ToDictionary(t => t.Name, StringComparer.Ordinal);
    private int _values;

    /// <summary>The nodes so far.</summary>
    public List<GraphNode> Nodes { get; } = [];

    /// <summary>A weight of the given shape.</summary>
    /// <exception cref="ModelFormatException">It is missing or has another shape.</exception>
    public WeightTensor Weight(string name, params ReadOnlySpan<long> shape) =>
        Optional(name, shape) ?? throw new ModelFormatException($"{source.Metadata.Architecture}: tensor '{name}' is missing (expected shape [{string.Join(", ", shape.ToArray())}])");

    /// <summary>A weight of the given shape, or null where the model has none of this name.</summary>
    /// <exception cref="ModelFormatException">It has another shape.</exception>
    public WeightTensor? Optional(string name, params ReadOnlySpan<long> shape)
    {
        if (!_weights.TryGetValue(name, out WeightTensor? weight))
            return null;
        if (!weight.Shape.AsSpan().SequenceEqual(shape))
            throw new ModelFormatException($"{source.Metadata.Architecture}: tensor '{name}': expected shape [{string.Join(", ", shape.ToArray())}], found {weight.ShapeText}");
        return weight;
    }

    /// <summary>True where the model has a weight of this name.</summary>
    public bool Has(string name) => _weights.ContainsKey(name);

    /// <summary>The token embedding: [vocabulary, width].</summary>
    public GraphValue Embed(string name, WeightTensor weight) => Add(name, weight.Columns, v => new EmbedNode(name, v, weight));

    /// <summary>An RMS normalization.</summary>
    public GraphValue RmsNorm(string name, GraphValue x, WeightTensor weight, float epsilon) =>
        Add(name, x.Width, v => new RmsNormNode(name, x, v, weight, epsilon));

    /// <summary>A matrix product.</summary>
    public GraphValue Linear(string name, GraphValue x, WeightTensor weight, WeightTensor? bias = null) =>
        Add(name, weight.Rows, v => new LinearNode(name, x, v, weight, bias));

    /// <summary>A rotation of each head.</summary>
    public GraphValue Rope(string name, GraphValue x, int heads, RopeTable table) =>
        Add(name, x.Width, v => new RopeNode(name, x, v, heads, x.Width / heads, table));

    /// <summary>Attention over a cache.</summary>
    public GraphValue Attention(string name, GraphValue q, GraphValue k, GraphValue v, CacheSpec cache, int heads, float scale) =>
        Add(name, (long)heads * cache.ValueLength, o => new AttentionNode(name, q, k, v, o, cache.Name, heads, cache.Heads, cache.KeyLength, cache.ValueLength, scale));

    /// <summary>activation(gate) · up.</summary>
    public GraphValue Gated(string name, GraphValue gate, GraphValue up, Activation activation) =>
        Add(name, gate.Width, v => new GatedActivationNode(name, gate, up, v, activation));

    /// <summary>a + b.</summary>
    public GraphValue Sum(string name, GraphValue a, GraphValue b) => Add(name, a.Width, v => new AddNode(name, a, b, v));

    /// <summary>The logits.</summary>
    public GraphValue LmHead(string name, GraphValue x, WeightTensor weight) => Add(name, weight.Rows, v => new LmHeadNode(name, x, v, weight));

    private GraphValue Add(string name, long width, Func<GraphValue, GraphNode> make)
    {
        GraphValue value = new(_values++, name, checked((int)width));
        Nodes.Add(make(value));
        return value;
    }
}
