using System.Diagnostics.CodeAnalysis;

namespace Tessera.Conformance.Interpreter;

/// <summary>Checks that a graph hangs together: every input is made before its use, and widths, weights and caches fit each other.</summary>
internal sealed partial class GraphRules
{
    private readonly Dictionary<string, CacheSpec> _caches;
    private readonly HashSet<GraphValue> _made = [];
    private readonly HashSet<GraphValue> _pooled = [];
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
            rules.Follow(node);
            That(rules._made.Add(node.Output), node, $"output '{node.Output.Name}' is made twice");
        }
        if (!rules._made.Contains(graph.Hidden) || (graph.Logits is not null && !rules._made.Contains(graph.Logits)))
            throw new TesseraException("graph: no node makes the hidden state or the logits");
        if (graph.Pooled is not null && !rules._pooled.Contains(graph.Pooled))
            throw new TesseraException($"graph: the pooled value '{graph.Pooled.Name}' does not follow from a pool");
        if (rules._pooled.Contains(graph.Hidden))
            throw new TesseraException($"graph: the hidden state '{graph.Hidden.Name}' follows from a pool");
    }

    /// <summary>The values that follow from a pool.</summary>
    public static HashSet<GraphValue> Pooled(ModelGraph graph)
    {
        GraphRules rules = new(graph);
        foreach (GraphNode node in graph.Nodes)
            rules.Follow(node);
        return rules._pooled;
    }

    // What follows from a pool is there for the rows that want it, and for no others.
    private void Follow(GraphNode node)
    {
        bool follows = node.Inputs.Any(_pooled.Contains);
        if (follows)
            That(node.Inputs.All(_pooled.Contains) && node is LinearNode or RmsNormNode or LayerNormNode or ActivationNode or GatedActivationNode or AddNode or ScaleNode, node, "it reads what follows from a pool, and is no operation for that, or reads other values too");
        if (follows || node is PoolNode)
            _pooled.Add(node.Output);
    }

    private static void Width(GraphNode node, GraphValue value, long expected) =>
        That(value.Width == expected, node, $"value '{value.Name}' has width {value.Width}, expected {expected}");

    private static void Shape(GraphNode node, WeightTensor weight, params ReadOnlySpan<long> expected) =>
        That(weight.Shape.AsSpan().SequenceEqual(expected), node, $"tensor '{weight.Name}' is {weight.ShapeText}, expected [{string.Join(", ", expected.ToArray())}]");

    private static void Count(GraphNode node, WeightTensor weight, long expected) =>
        That(weight.Rows * weight.Columns == expected, node, $"tensor '{weight.Name}' is {weight.ShapeText}, expected {expected} elements");

    private static void Defined<T>(GraphNode node, T value)
        where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
            throw new UnsupportedModelException($"node '{node.Name}': {typeof(T).Name} {value} is not known");
    }

    private static void That([DoesNotReturnIf(false)] bool holds, GraphNode node, string problem)
    {
        if (!holds)
            throw new TesseraException($"node '{node.Name}': {problem}");
    }
}
