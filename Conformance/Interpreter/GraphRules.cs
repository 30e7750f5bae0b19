using System.Diagnostics.CodeAnalysis;

namespace Tessera.Conformance.Interpreter;

/// <summary>Checks that a graph hangs together: every input is made before its use, and widths, weights and caches fit each other.</summary>
internal sealed class GraphRules
{
    private readonly Dictionary<string, CacheSpec> _caches;
    private readonly HashSet<GraphValue> _made = [];
    private readonly ModelGraph _graph;

    private GraphRules(ModelGraph graph)
    {
        _graph = graph;
        _caches = graph.CacheGroups.SelectMany(g => g.Caches).ToDictionary(c => c.Name, StringComparer.Ordinal);
    }

    /// <summary>Refuses a graph that means nothing; the text names the node.</summary>
    /// <exception cref="TesseraException">A rule is broken.</exception>
    /// <exception cref="UnsupportedModelException">An operation, revision or attribute that the reference does not know.</exception>
    public static void Require(ModelGraph graph, IReadOnlyDictionary<string, int> operations)
    {
        foreach (CacheGroup group in graph.CacheGroups)
            if (group.Kind == CacheKind.Window ? group.Window < 1 : group.Kind != CacheKind.Full)
                throw new UnsupportedModelException($"cache group '{group.Name}': kind {group.Kind} with a window of {group.Window} is not known");
        GraphRules rules = new(graph);
        foreach (GraphNode node in graph.Nodes)
        {
            if (!operations.TryGetValue(node.Operation, out int known) || known < node.Revision)
                throw new UnsupportedModelException($"node '{node.Name}': operation '{node.Operation}' revision {node.Revision} is not known");
            foreach (GraphValue input in node.Inputs)
                That(rules._made.Contains(input), node, $"input '{input.Name}' is not made by an earlier node");
            rules.Check(node);
            That(rules._made.Add(node.Output), node, $"output '{node.Output.Name}' is made twice");
        }
        if (!rules._made.Contains(graph.Hidden) || (graph.Logits is not null && !rules._made.Contains(graph.Logits)))
            throw new TesseraException("graph: no node makes the hidden state or the logits");
    }

    private void Check(GraphNode node)
    {
        switch (node)
        {
            case EmbedNode n:
                Shape(n, n.Weight, _graph.VocabularySize, n.Output.Width);
                break;
            case RmsNormNode n:
                Shape(n, n.Weight, n.Input.Width);
                Width(n, n.Output, n.Input.Width);
                break;
            case LinearNode n:
                Shape(n, n.Weight, n.Output.Width, n.Input.Width);
                if (n.Bias is not null)
                    Shape(n, n.Bias, n.Output.Width);
                break;
            case RopeNode n:
                Width(n, n.Input, (long)n.Heads * n.HeadLength);
                Width(n, n.Output, n.Input.Width);
                That(2 * n.Table.Frequencies.Length <= n.HeadLength, n, $"{n.Table.Frequencies.Length} frequencies do not fit a head of {n.HeadLength}");
                break;
            case AttentionNode n:
                Check(n);
                break;
            case GatedActivationNode n:
                Width(n, n.Up, n.Gate.Width);
                Width(n, n.Output, n.Gate.Width);
                if (n.Activation != Activation.Silu)
                    throw new UnsupportedModelException($"node '{n.Name}': activation {n.Activation} is not known");
                break;
            case AddNode n:
                Width(n, n.B, n.A.Width);
                Width(n, n.Output, n.A.Width);
                break;
            case LmHeadNode n:
                Shape(n, n.Weight, n.Output.Width, n.Input.Width);
                Width(n, n.Output, _graph.VocabularySize);
                That(n.Output == _graph.Logits, n, "its output is not the graph's logits");
                break;
            default:
                throw new UnsupportedModelException($"node '{node.Name}': {node.GetType().Name} is not known");
        }
    }

    private void Check(AttentionNode n)
    {
        if (!_caches.TryGetValue(n.Cache, out CacheSpec? cache))
            throw new TesseraException($"node '{n.Name}': there is no cache '{n.Cache}'");
        That(cache.Heads == n.KeyHeads && cache.KeyLength == n.KeyLength && cache.ValueLength == n.ValueLength, n,
            $"cache '{n.Cache}' has {cache.Heads} heads of {cache.KeyLength} and {cache.ValueLength}, the node {n.KeyHeads} of {n.KeyLength} and {n.ValueLength}");
        That(n.KeyHeads > 0 && n.Heads % n.KeyHeads == 0, n, $"{n.Heads} heads are no multiple of {n.KeyHeads} key heads");
        Width(n, n.Query, (long)n.Heads * n.KeyLength);
        Width(n, n.Key, (long)n.KeyHeads * n.KeyLength);
        Width(n, n.Value, (long)n.KeyHeads * n.ValueLength);
        Width(n, n.Output, (long)n.Heads * n.ValueLength);
    }

    private static void Width(GraphNode node, GraphValue value, long expected) =>
        That(value.Width == expected, node, $"value '{value.Name}' has width {value.Width}, expected {expected}");

    private static void Shape(GraphNode node, WeightTensor weight, params ReadOnlySpan<long> expected) =>
        That(weight.Shape.AsSpan().SequenceEqual(expected), node, $"tensor '{weight.Name}' is {weight.ShapeText}, expected [{string.Join(", ", expected.ToArray())}]");

    private static void That([DoesNotReturnIf(false)] bool holds, GraphNode node, string problem)
    {
        if (!holds)
            throw new TesseraException($"node '{node.Name}': {problem}");
    }
}
