using Tessera.Conformance.Batches;

namespace Tessera.Conformance.Interpreter;

/// <summary>Holds the values between nodes, and computes one node for all rows of a batch.</summary>
internal sealed unsafe class NodeInterpreter
{
    private readonly Dictionary<GraphValue, double[]> _values = [];
    private readonly Dictionary<string, (int Group, ReferenceCache Cache)> _caches = new(StringComparer.Ordinal);
    private readonly ModelGraph _graph;
    private readonly ReferenceWeights _weights;
    private readonly OutputRows _logits;
    private readonly int _blockTokens;
    private readonly double[] _scores;

    public NodeInterpreter(ModelGraph graph, RuntimeLimits limits, ReferenceWeights weights, ReferenceCache[][] caches, OutputRows logits)
    {
        _graph = graph;
        _weights = weights;
        _logits = logits;
        _blockTokens = limits.BlockTokens;
        _scores = new double[limits.MaxContext];
        foreach (GraphNode node in graph.Nodes)
            if (node is not LmHeadNode)
                _values.Add(node.Output, new double[checked(limits.MaxRows * node.Output.Width)]);
        for (int g = 0; g < caches.Length; g++)
            for (int c = 0; c < caches[g].Length; c++)
                _caches.Add(graph.CacheGroups[g].Caches[c].Name, (g, caches[g][c]));
    }

    /// <summary>Bytes of the values.</summary>
    public long Bytes => _values.Values.Sum(v => (long)v.Length * sizeof(double));

    /// <summary>One row of a value.</summary>
    public Span<double> Row(GraphValue value, int row) => _values[value].AsSpan(row * value.Width, value.Width);

    /// <summary>Computes a node.</summary>
    public void Execute(GraphNode node, Batch batch)
    {
        if (node is AttentionNode attention)
            WriteCache(attention, batch);
        for (int row = 0; row < batch.RowCount; row++)
            switch (node)
            {
                case EmbedNode n:
                    Embed(n, row, batch.Tokens[row]);
                    break;
                case RmsNormNode n:
                    Formulas.RmsNorm(Row(n.Input, row), _weights.All(n.Weight), n.Epsilon, Row(n.Output, row));
                    break;
                case LinearNode n:
                    Linear(n, row);
                    break;
                case RopeNode n:
                    Rope(n, row, batch.Positions[row]);
                    break;
                case AttentionNode n:
                    Attend(n, batch, row);
                    break;
                case GatedActivationNode n:
                    Gate(n, row);
                    break;
                case AddNode n:
                    Add(n, row);
                    break;
                case LmHeadNode n:
                    if ((batch.Outputs[row] & RowOutputs.Logits) != 0)
                        LmHead(n, row);
                    break;
                default:
                    throw new UnsupportedModelException($"node '{node.Name}': {node.GetType().Name} is not known");
            }
    }

    private void Embed(EmbedNode n, int row, int token)
    {
        Span<double> output = Row(n.Output, row);
        ReadOnlySpan<float> weight = _weights.All(n.Weight).Slice(token * output.Length, output.Length);
        for (int i = 0; i < output.Length; i++)
            output[i] = weight[i];
    }

    private void Linear(LinearNode n, int row)
    {
        ReadOnlySpan<double> x = Row(n.Input, row);
        ReadOnlySpan<float> weight = _weights.All(n.Weight);
        ReadOnlySpan<float> bias = n.Bias is null ? [] : _weights.All(n.Bias);
        Span<double> output = Row(n.Output, row);
        for (int o = 0; o < output.Length; o++)
            output[o] = Formulas.Dot(weight.Slice(o * x.Length, x.Length), x) + (bias.IsEmpty ? 0 : bias[o]);
    }

    private void Rope(RopeNode n, int row, int position)
    {
        for (int h = 0; h < n.Heads; h++)
            Formulas.Rope(Row(n.Input, row).Slice(h * n.HeadLength, n.HeadLength), n.Table, position, Row(n.Output, row).Slice(h * n.HeadLength, n.HeadLength));
    }

    private void Gate(GatedActivationNode n, int row)
    {
        ReadOnlySpan<double> gate = Row(n.Gate, row), up = Row(n.Up, row);
        Span<double> output = Row(n.Output, row);
        for (int i = 0; i < output.Length; i++)
            output[i] = Formulas.Silu(gate[i]) * up[i];
    }

    private void Add(AddNode n, int row)
    {
        ReadOnlySpan<double> a = Row(n.A, row), b = Row(n.B, row);
        Span<double> output = Row(n.Output, row);
        for (int i = 0; i < output.Length; i++)
            output[i] = a[i] + b[i];
    }

    private void LmHead(LmHeadNode n, int row)
    {
        ReadOnlySpan<double> x = Row(n.Input, row);
        ReadOnlySpan<float> weight = _weights.All(n.Weight);
        Span<float> logits = _logits.Next();
        for (int o = 0; o < logits.Length; o++)
            logits[o] = (float)Formulas.Dot(weight.Slice(o * x.Length, x.Length), x);
    }

    private void WriteCache(AttentionNode n, Batch batch)
    {
        (int group, ReferenceCache cache) = _caches[n.Cache];
        for (int row = 0; row < batch.RowCount; row++)
        {
            (int block, int offset) = Place(batch, group, row, batch.CacheIndices[row]);
            for (int h = 0; h < n.KeyHeads; h++)
            {
                Row(n.Key, row).Slice(h * n.KeyLength, n.KeyLength).CopyTo(cache.Key(block, offset, h));
                Row(n.Value, row).Slice(h * n.ValueLength, n.ValueLength).CopyTo(cache.Value(block, offset, h));
            }
        }
    }

    private void Attend(AttentionNode n, Batch batch, int row)
    {
        (int group, ReferenceCache cache) = _caches[n.Cache];
        int last = batch.CacheIndices[row];
        int first = BatchRules.FirstVisible(_graph.CacheGroups[group], last);
        Span<double> scores = _scores.AsSpan(0, last - first + 1);
        for (int h = 0; h < n.Heads; h++)
        {
            int keyHead = h / (n.Heads / n.KeyHeads);
            ReadOnlySpan<double> query = Row(n.Query, row).Slice(h * n.KeyLength, n.KeyLength);
            for (int i = first; i <= last; i++)
            {
                (int block, int offset) = Place(batch, group, row, i);
                ReadOnlySpan<double> key = cache.Key(block, offset, keyHead);
                double score = 0;
                for (int j = 0; j < query.Length; j++)
                    score += query[j] * key[j];
                scores[i - first] = score * n.Scale;
            }
            Formulas.Softmax(scores);
            Span<double> output = Row(n.Output, row).Slice(h * n.ValueLength, n.ValueLength);
            output.Clear();
            for (int i = first; i <= last; i++)
            {
                (int block, int offset) = Place(batch, group, row, i);
                ReadOnlySpan<double> value = cache.Value(block, offset, keyHead);
                for (int j = 0; j < output.Length; j++)
                    output[j] += scores[i - first] * value[j];
            }
        }
    }

    private (int Block, int Offset) Place(Batch batch, int group, int row, int cacheIndex) =>
        (batch.BlockTable(group, batch.Slots[row])[cacheIndex / _blockTokens], cacheIndex % _blockTokens);
}
