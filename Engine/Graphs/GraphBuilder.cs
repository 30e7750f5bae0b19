using Tessera.Engine.Architectures.Blocks;

namespace Tessera.Engine.Graphs;

/// <summary>Collects the nodes of a graph, looks up weights by name and checks their shapes.</summary>
internal sealed class GraphBuilder(ModelSource source)
{
    private readonly Dictionary<string, WeightTensor> _weights = source.Tensors.ToDictionary(t => t.Name, StringComparer.Ordinal);
    private const int MostNamed = 50;

    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private readonly List<string> _problems = [];
    private int _values;

    /// <summary>The nodes so far.</summary>
    public List<GraphNode> Nodes { get; } = [];

    /// <summary>The model's tensors that nothing has asked for, in the file's order.</summary>
    public IEnumerable<WeightTensor> Unasked => source.Tensors.Where(t => !_asked.Contains(t.Name));

    /// <summary>A weight of the given shape. What stands for one that is missing or has another shape lasts until <see cref="Check"/>, so that an error names all of them.</summary>
    public WeightTensor Weight(string name, params ReadOnlySpan<long> shape) =>
        Optional(name, shape) ?? Wrong(name, shape, $"tensor '{name}' is missing (expected shape {Text(shape)})");

    /// <summary>A weight of the given shape, or null where the model has none of this name. One that has another shape is treated likewise.</summary>
    public WeightTensor? Optional(string name, params ReadOnlySpan<long> shape)
    {
        _asked.Add(name);
        if (!_weights.TryGetValue(name, out WeightTensor? weight))
            return null;
        return weight.Shape.AsSpan().SequenceEqual(shape)
            ? weight
            : Wrong(name, shape, $"tensor '{name}'{(weight.StoredName is { } stored ? $" ('{stored}')" : "")}: expected shape {Text(shape)}, found {weight.ShapeText}");
    }

    /// <summary>Ends with an error where a weight was missing or had another shape, or a tensor is left that no node would read.</summary>
    /// <param name="surplus">The tensors that are left.</param>
    /// <exception cref="ModelFormatException">The text names every such weight.</exception>
    /// <exception cref="UnsupportedModelException">Tensors are left and nothing else is wrong; the text names them.</exception>
    public void Check(params ReadOnlySpan<WeightTensor> surplus)
    {
        List<string> problems = [.. _problems.Distinct(StringComparer.Ordinal)];
        bool isBroken = problems.Count > 0;
        foreach (WeightTensor tensor in surplus)
            problems.Add($"tensor '{tensor.Name}' {tensor.ShapeText} has no place in this family's graph");
        if (problems.Count == 0)
            return;
        string several = problems.Count == 1 ? "" : $"{problems.Count} tensors are not as they should be: ";
        string more = problems.Count > MostNamed ? $"; and {problems.Count - MostNamed} more" : "";
        string text = $"{source.Metadata.Architecture}: {several}{string.Join("; ", problems.Take(MostNamed))}{more}";
        throw isBroken ? new ModelFormatException(text) : new UnsupportedModelException(text);
    }

    /// <summary>True where the model has a weight of this name.</summary>
    public bool Has(string name) => _weights.ContainsKey(name);

    /// <summary>A matrix of any number of rows.</summary>
    public WeightTensor Matrix(string name, long columns)
    {
        long rows = _weights.TryGetValue(name, out WeightTensor? weight) && weight.Shape.Length == 2 ? weight.Shape[0] : 1;
        return Weight(name, rows, columns);
    }

    /// <summary>The row of a matrix that the token, the position or the token's type names.</summary>
    public GraphValue Embed(string name, WeightTensor weight, EmbedIndex index = EmbedIndex.Token, int offset = 0) =>
        Add(name, weight.Columns, v => new EmbedNode(name, v, weight) { Index = index, Offset = offset });

    /// <summary>An RMS normalization of each of equal groups of a row.</summary>
    public GraphValue RmsNorm(string name, GraphValue x, WeightTensor weight, float epsilon, int groups = 1) =>
        Add(name, x.Width, v => new RmsNormNode(name, x, v, weight, epsilon) { Groups = groups, WeightIsOffset = source.Metadata.NormWeightsAreOffsets });

    /// <summary>A layer normalization of each of equal groups of a row.</summary>
    public GraphValue LayerNorm(string name, GraphValue x, WeightTensor weight, WeightTensor? bias, float epsilon, int groups = 1) =>
        Add(name, x.Width, v => new LayerNormNode(name, x, v, weight, bias, epsilon) { Groups = groups });

    /// <summary>A matrix product.</summary>
    public GraphValue Linear(string name, GraphValue x, WeightTensor weight, WeightTensor? bias = null) =>
        Add(name, weight.Rows, v => new LinearNode(name, x, v, weight, bias));

    /// <summary>A matrix product of each head with its own matrix: [heads, output length, input length].</summary>
    public GraphValue HeadLinear(string name, GraphValue x, WeightTensor weight) =>
        Add(name, weight.Rows, v => new HeadLinearNode(name, x, v, weight));

    /// <summary>A rotation of each head from an element on.</summary>
    public GraphValue Rope(string name, GraphValue x, int heads, RopeTable table, int offset = 0) =>
        Add(name, x.Width, v => new RopeNode(name, x, v, heads, x.Width / heads, table) { Offset = offset });

    /// <summary>Attention over a cache.</summary>
    public GraphValue Attention(string name, GraphValue q, GraphValue k, GraphValue v, CacheSpec cache, int heads, float scale, float softCap = 0, WeightTensor? sinks = null) =>
        Add(name, (long)heads * cache.ValueLength, o => new AttentionNode(name, q, k, v, o, cache.Name, heads, cache.Heads, cache.KeyLength, cache.ValueLength, scale) { SoftCap = softCap, Sinks = sinks });

    /// <summary>Attention among all rows of a sequence, or those within a reach.</summary>
    public GraphValue BidirectionalAttention(string name, GraphValue q, GraphValue k, GraphValue v, AttentionShape shape, int reach) =>
        Add(name, (long)shape.Heads * shape.ValueLength, o => new BidirectionalAttentionNode(name, q, k, v, o, shape.Heads, shape.KeyHeads, shape.KeyLength, shape.ValueLength, shape.Scale) { Reach = reach });

    /// <summary>One row of each sequence.</summary>
    public GraphValue Pool(string name, GraphValue x, PoolingKind kind) => Add(name, x.Width, v => new PoolNode(name, x, v, kind));

    /// <summary>activation(x).</summary>
    public GraphValue Activate(string name, GraphValue x, Activation activation) =>
        Add(name, x.Width, v => new ActivationNode(name, x, v, activation));

    /// <summary>activation(gate) · up.</summary>
    public GraphValue Gated(string name, GraphValue gate, GraphValue up, Activation activation, float limit = 0) =>
        Add(name, gate.Width, v => new GatedActivationNode(name, gate, up, v, activation) { Limit = limit });

    /// <summary>A mixture of experts as <paramref name="make"/> describes it for its output, which is as wide as x.</summary>
    public GraphValue Experts(string name, GraphValue x, Func<GraphValue, MixtureOfExpertsNode> make) => Add(name, x.Width, make);

    /// <summary>a + b.</summary>
    public GraphValue Sum(string name, GraphValue a, GraphValue b) => Add(name, a.Width, v => new AddNode(name, a, b, v));

    /// <summary>x · factor; x itself where the factor is 1.</summary>
    public GraphValue Scale(string name, GraphValue x, float factor) =>
        factor == 1 ? x : Add(name, x.Width, v => new ScaleNode(name, x, v, factor));

    /// <summary>The same columns of each of equal groups of a row.</summary>
    public GraphValue Slice(string name, GraphValue x, int groups, long offset, long length) =>
        Add(name, groups * length, v => new SliceNode(name, x, v, groups, checked((int)offset)));

    /// <summary>For each group, its part of a and then its part of b, or the whole of b.</summary>
    public GraphValue Concat(string name, GraphValue a, GraphValue b, int groups, bool bIsShared = false) =>
        Add(name, a.Width + (bIsShared ? (long)groups * b.Width : b.Width), v => new ConcatNode(name, a, b, v, groups, bIsShared));

    /// <summary>The logits.</summary>
    public GraphValue LmHead(string name, GraphValue x, WeightTensor weight, WeightTensor? bias = null, float scale = 1, float softCap = 0) =>
        Add(name, weight.Rows, v => new LmHeadNode(name, x, v, weight) { Bias = bias, Scale = scale, SoftCap = softCap });

    private WeightTensor Wrong(string name, ReadOnlySpan<long> shape, string problem)
    {
        _problems.Add(problem);
        return new WeightTensor { Name = name, Shape = shape.ToArray(), Quantization = "", Parts = [] };
    }

    private static string Text(ReadOnlySpan<long> shape) => $"[{string.Join(", ", shape.ToArray())}]";

    private GraphValue Add(string name, long width, Func<GraphValue, GraphNode> make)
    {
        if (width > int.MaxValue)
        {
            // A weight of such a size is missing too, and named with its shape.
            Check();
            throw new ModelFormatException($"{source.Metadata.Architecture}: '{name}' would have {width} elements");
        }
        GraphValue value = new(_values++, name, (int)width);
        Nodes.Add(make(value));
        return value;
    }
}
