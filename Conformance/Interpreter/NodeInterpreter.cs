using Tessera.Conformance.Batches;

namespace Tessera.Conformance.Interpreter;

/// <summary>Holds the values between nodes, and computes one node for all rows of a batch.</summary>
internal sealed unsafe partial class NodeInterpreter
{
    private readonly Dictionary<GraphValue, double[]> _values = [];
    private readonly Dictionary<string, (int Group, ReferenceCache Cache)> _caches = new(StringComparer.Ordinal);
    private readonly ModelGraph _graph;
    private readonly ReferenceWeights _weights;
    private readonly OutputRows _logits;
    private readonly HashSet<GraphValue> _pooled;
    private readonly int _blockTokens;
    private readonly double[] _scores;

    public NodeInterpreter(ModelGraph graph, RuntimeLimits limits, ReferenceWeights weights, ReferenceCache[][] caches, OutputRows logits)
    {
        _graph = graph;
        _weights = weights;
        _logits = logits;
        _blockTokens = limits.BlockTokens;
        _scores = new double[limits.MaxContext + 1];
        _pooled = GraphRules.Pooled(graph);
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
        bool pooled = _pooled.Contains(node.Output);
        for (int row = 0; row < batch.RowCount; row++)
        {
            if (pooled && (batch.Outputs[row] & RowOutputs.Pooled) == 0)
                continue;
            switch (node)
            {
                case RopeNode n:
                    Rope(n, row, batch.Positions[row], batch.PlannedTokens[batch.Slots[row]]);
                    break;
                case AttentionNode n:
                    Attend(n, batch, row);
                    break;
                case LmHeadNode n:
                    if ((batch.Outputs[row] & RowOutputs.Logits) != 0)
                        LmHead(n, row);
                    break;
                case EmbedNode n:
                    Widen(_weights.All(n.Weight).Slice((int)BatchRules.Index(n, batch, row) * n.Output.Width, n.Output.Width), Row(n.Output, row));
                    break;
                case BidirectionalAttentionNode n:
                    Attend(n, batch, row);
                    break;
                case PoolNode n:
                    Pool(n, batch, row);
                    break;
                default:
                    Compute(node, row);
                    break;
            }
        }
    }

    // Operations on one row alone.
    private void Compute(GraphNode node, int row)
    {
        Span<double> y = Row(node.Output, row);
        switch (node)
        {
            case RmsNormNode n:
                Formulas.RmsNorm(Row(n.Input, row), _weights.All(n.Weight), n.Groups, n.WeightIsOffset, n.Epsilon, y);
                break;
            case LayerNormNode n:
                Formulas.LayerNorm(Row(n.Input, row), _weights.All(n.Weight), Optional(n.Bias), n.Groups, n.Epsilon, y);
                break;
            case LinearNode n:
                Formulas.Product(_weights.All(n.Weight), Optional(n.Bias), Row(n.Input, row), y);
                break;
            case HeadLinearNode n:
                HeadLinear(n, Row(n.Input, row), y);
                break;
            case MixtureOfExpertsNode n:
                Experts(n, row);
                break;
            case ActivationNode n:
                Row(n.Input, row).CopyTo(y);
                foreach (ref double value in y)
                    value = Nonlinearities.Apply(n.Activation, value);
                break;
            case GatedActivationNode n:
                Pairs(Row(n.Gate, row), Row(n.Up, row), y, (gate, up) => Nonlinearities.Gate(n.Activation, gate, up, n.Limit));
                break;
            case AddNode n:
                Pairs(Row(n.A, row), Row(n.B, row), y, (a, b) => a + b);
                break;
            case ScaleNode n:
                Row(n.Input, row).CopyTo(y);
                foreach (ref double value in y)
                    value *= n.Factor;
                break;
            case SliceNode n:
                Slice(n, Row(n.Input, row), y);
                break;
            case ConcatNode n:
                Concat(n, Row(n.A, row), Row(n.B, row), y);
                break;
            default:
                throw new UnsupportedModelException($"node '{node.Name}': {node.GetType().Name} is not known");
        }
    }

    private void HeadLinear(HeadLinearNode n, ReadOnlySpan<double> x, Span<double> y)
    {
        int heads = (int)n.Weight.Shape[0], output = (int)n.Weight.Shape[1], input = (int)n.Weight.Shape[2];
        for (int h = 0; h < heads; h++)
            Formulas.Product(_weights.All(n.Weight).Slice(h * output * input, output * input), [], x.Slice(h * input, input), y.Slice(h * output, output));
    }

    private void Rope(RopeNode n, int row, int position, int planned)
    {
        for (int h = 0; h < n.Heads; h++)
            Rotations.Rotate(Row(n.Input, row).Slice(h * n.HeadLength, n.HeadLength), n.Table, n.Offset, position, planned, Row(n.Output, row).Slice(h * n.HeadLength, n.HeadLength));
    }

    private void LmHead(LmHeadNode n, int row)
    {
        ReadOnlySpan<double> x = Row(n.Input, row);
        ReadOnlySpan<float> weight = _weights.All(n.Weight), bias = Optional(n.Bias);
        Span<float> logits = _logits.Next();
        for (int o = 0; o < logits.Length; o++)
            logits[o] = (float)Formulas.SoftCap((Formulas.Dot(weight.Slice(o * x.Length, x.Length), x) + (bias.IsEmpty ? 0 : bias[o])) * n.Scale, n.SoftCap);
    }

    private ReadOnlySpan<float> Optional(WeightTensor? weight) => weight is null ? [] : _weights.All(weight);

    private static void Widen(ReadOnlySpan<float> x, Span<double> y)
    {
        for (int i = 0; i < y.Length; i++)
            y[i] = x[i];
    }

    private static void Pairs(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> y, Func<double, double, double> formula)
    {
        for (int i = 0; i < y.Length; i++)
            y[i] = formula(a[i], b[i]);
    }

    private static void Slice(SliceNode n, ReadOnlySpan<double> x, Span<double> y)
    {
        int from = x.Length / n.Groups, to = y.Length / n.Groups;
        for (int g = 0; g < n.Groups; g++)
            x.Slice(g * from + n.Offset, to).CopyTo(y.Slice(g * to, to));
    }

    private static void Concat(ConcatNode n, ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> y)
    {
        int first = a.Length / n.Groups, second = n.BIsShared ? b.Length : b.Length / n.Groups;
        for (int g = 0; g < n.Groups; g++)
        {
            Span<double> group = y.Slice(g * (first + second), first + second);
            a.Slice(g * first, first).CopyTo(group);
            b.Slice(n.BIsShared ? 0 : g * second, second).CopyTo(group[first..]);
        }
    }
}
