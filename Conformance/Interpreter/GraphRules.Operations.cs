namespace Tessera.Conformance.Interpreter;

/// <summary>The rules of each operation.</summary>
internal sealed partial class GraphRules
{
    private void Check(GraphNode node)
    {
        switch (node)
        {
            case EmbedNode n:
                Defined(n, n.Index);
                That(n.Weight.Shape.Length == 2 && n.Offset >= 0 && n.Offset < n.Weight.Rows, n, $"tensor '{n.Weight.Name}' is {n.Weight.ShapeText}, expected [rows, width] with more rows than the offset {n.Offset}");
                Shape(n, n.Weight, n.Index == EmbedIndex.Token ? _graph.VocabularySize + (long)n.Offset : n.Weight.Rows, n.Output.Width);
                break;
            case RmsNormNode n:
                Norm(n, n.Input, n.Groups, n.Weight);
                break;
            case LayerNormNode n:
                Norm(n, n.Input, n.Groups, n.Weight);
                if (n.Bias is not null)
                    Count(n, n.Bias, n.Weight.Rows * n.Weight.Columns);
                break;
            case LinearNode n:
                Shape(n, n.Weight, n.Output.Width, n.Input.Width);
                if (n.Bias is not null)
                    Count(n, n.Bias, n.Output.Width);
                break;
            case HeadLinearNode n:
                That(n.Weight.Shape.Length == 3, n, $"tensor '{n.Weight.Name}' is {n.Weight.ShapeText}, expected [heads, output length, input length]");
                Width(n, n.Input, n.Weight.Shape[0] * n.Weight.Shape[2]);
                Width(n, n.Output, n.Weight.Shape[0] * n.Weight.Shape[1]);
                break;
            case RopeNode n:
                Check(n);
                break;
            case AttentionNode n:
                Check(n);
                break;
            case BidirectionalAttentionNode n:
                Heads(n, n.Query, n.Key, n.Value, n.Heads, n.KeyHeads, n.KeyLength, n.ValueLength);
                That(n.Reach >= 0, n, $"a reach of {n.Reach} is negative");
                break;
            case PoolNode n:
                Defined(n, n.Kind);
                That(n.Kind != PoolingKind.None, n, "no kind of pooling");
                Width(n, n.Output, n.Input.Width);
                break;
            case MixtureOfExpertsNode n:
                Check(n);
                break;
            case ActivationNode n:
                Nonlinearity(n, n.Activation, 0);
                That(n.Activation != Activation.ClampedSwiGlu, n, $"{n.Activation} needs a gate");
                Width(n, n.Output, n.Input.Width);
                break;
            case GatedActivationNode n:
                Nonlinearity(n, n.Activation, n.Limit);
                Width(n, n.Up, n.Gate.Width);
                Width(n, n.Output, n.Gate.Width);
                break;
            case AddNode n:
                Width(n, n.B, n.A.Width);
                Width(n, n.Output, n.A.Width);
                break;
            case ScaleNode n:
                Width(n, n.Output, n.Input.Width);
                break;
            case SliceNode n:
                That(n.Groups > 0 && n.Input.Width % n.Groups == 0 && n.Output.Width % n.Groups == 0, n, $"widths {n.Input.Width} and {n.Output.Width} do not divide into {n.Groups} groups");
                That(n.Offset >= 0 && n.Offset <= (n.Input.Width - n.Output.Width) / n.Groups, n, $"a part of {n.Output.Width / n.Groups} at {n.Offset} is not within a group of {n.Input.Width / n.Groups}");
                break;
            case ConcatNode n:
                That(n.Groups > 0 && n.A.Width % n.Groups == 0 && (n.BIsShared || n.B.Width % n.Groups == 0), n, $"widths {n.A.Width} and {n.B.Width} do not divide into {n.Groups} groups");
                Width(n, n.Output, n.A.Width + (n.BIsShared ? (long)n.Groups : 1) * n.B.Width);
                break;
            case LmHeadNode n:
                Shape(n, n.Weight, n.Output.Width, n.Input.Width);
                Width(n, n.Output, _graph.VocabularySize);
                That(n.Output == _graph.Logits, n, "its output is not the graph's logits");
                That(n.SoftCap >= 0, n, $"a soft cap of {n.SoftCap} is negative");
                if (n.Bias is not null)
                    Count(n, n.Bias, n.Output.Width);
                break;
            default:
                throw new UnsupportedModelException($"node '{node.Name}': {node.GetType().Name} is not known");
        }
    }

    private static void Norm(GraphNode n, GraphValue input, int groups, WeightTensor weight)
    {
        That(groups > 0 && input.Width % groups == 0, n, $"a width of {input.Width} does not divide into {groups} groups");
        long elements = weight.Rows * weight.Columns;
        That(elements == input.Width || elements == input.Width / groups, n, $"tensor '{weight.Name}' is {weight.ShapeText}, expected {input.Width} elements{(groups > 1 ? $" or {input.Width / groups}" : "")}");
        Width(n, n.Output, input.Width);
    }

    private static void Nonlinearity(GraphNode n, Activation activation, float limit)
    {
        Defined(n, activation);
        That(n is ActivationNode || activation != Activation.ClampedSwiGlu || limit > 0, n, $"a limit of {limit}, expected more than 0");
    }

    private static void Heads(GraphNode n, GraphValue query, GraphValue key, GraphValue value, int heads, int keyHeads, int keyLength, int valueLength)
    {
        That(keyHeads > 0 && heads % keyHeads == 0, n, $"{heads} heads are no multiple of {keyHeads} key heads");
        Width(n, query, (long)heads * keyLength);
        Width(n, key, (long)keyHeads * keyLength);
        Width(n, value, (long)keyHeads * valueLength);
        Width(n, n.Output, (long)heads * valueLength);
    }

    private static void Check(RopeNode n)
    {
        RopeTable table = n.Table;
        int pairs = table.Frequencies.Length;
        Defined(n, table.Pairing);
        Width(n, n.Input, (long)n.Heads * n.HeadLength);
        Width(n, n.Output, n.Input.Width);
        That(n.Offset >= 0 && n.Offset <= n.HeadLength - 2L * pairs, n, $"{pairs} frequencies do not fit a head of {n.HeadLength} from {n.Offset} on");
        That(table.Long is null || table.Stretch is null, n, "its table has both long frequencies and a stretch");
        if (table.Long is { } longer)
            That(longer.Frequencies.Length == pairs, n, $"{longer.Frequencies.Length} long frequencies, expected {pairs}");
        if (table.Stretch is { } stretch)
            That(stretch.Factor >= 1 && stretch.Base > 1 && stretch.OriginalContext > 0 && pairs > 1, n,
                $"a stretch of {pairs} frequencies with base {stretch.Base} by {stretch.Factor} from {stretch.OriginalContext} tokens; expected 2 frequencies or more, a base above 1, a factor of at least 1 and a context");
    }

    private void Check(AttentionNode n)
    {
        if (!_caches.TryGetValue(n.Cache, out CacheSpec? cache))
            throw new TesseraException($"node '{n.Name}': there is no cache '{n.Cache}'");
        That(cache.Heads == n.KeyHeads && cache.KeyLength == n.KeyLength && cache.ValueLength == n.ValueLength, n,
            $"cache '{n.Cache}' has {cache.Heads} heads of {cache.KeyLength} and {cache.ValueLength}, the node {n.KeyHeads} of {n.KeyLength} and {n.ValueLength}");
        Heads(n, n.Query, n.Key, n.Value, n.Heads, n.KeyHeads, n.KeyLength, n.ValueLength);
        That(n.SoftCap >= 0, n, $"a soft cap of {n.SoftCap} is negative");
        if (n.Sinks is not null)
            Count(n, n.Sinks, n.Heads);
    }

    private static void Check(MixtureOfExpertsNode n)
    {
        That(n.Gate.Shape.Length == 3, n, $"tensor '{n.Gate.Name}' is {n.Gate.ShapeText}, expected [experts, inner, width]");
        That(n.Down.Shape.Length == 3, n, $"tensor '{n.Down.Name}' is {n.Down.ShapeText}, expected [experts, width, inner]");
        Defined(n, n.Rows);
        bool isFused = n.Rows != GateUpRows.Separate;
        long experts = n.Gate.Shape[0], inner = n.Down.Shape[2], rows = isFused ? 2 * inner : inner;
        Shape(n, n.Gate, experts, rows, n.Input.Width);
        Shape(n, n.Up, experts, rows, n.Input.Width);
        That(!isFused || (ReferenceEquals(n.Up, n.Gate) && n.UpBias is null), n, $"gate and up rows are in one tensor, but up is '{n.Up.Name}'{(n.UpBias is null ? "" : " with a bias of its own")}");
        Shape(n, n.Down, experts, n.Input.Width, inner);
        Width(n, n.Router, experts);
        Width(n, n.Output, n.Input.Width);
        foreach ((WeightTensor? bias, long width) in new[] { (n.GateBias, rows), (n.UpBias, inner), (n.DownBias, n.Input.Width), (n.SelectionBias, 1L) })
            if (bias is not null)
                Count(n, bias, experts * width);
        Nonlinearity(n, n.Activation, n.Limit);
        That(n.Activation is not (Activation.Tanh or Activation.Relu), n, $"experts have no {n.Activation}");
        ExpertRouting routing = n.Routing;
        Defined(n, routing.Scoring);
        Defined(n, routing.GroupScoring);
        That(routing.Groups >= 1 && experts % routing.Groups == 0, n, $"{experts} experts do not divide into {routing.Groups} groups");
        That(routing.GroupsUsed >= 1 && routing.GroupsUsed <= routing.Groups, n, $"{routing.GroupsUsed} of {routing.Groups} groups are used");
        long open = experts / routing.Groups * routing.GroupsUsed;
        That(routing.Used >= 1 && routing.Used <= open, n, $"{routing.Used} experts are used of {open} that can be chosen");
    }
}
