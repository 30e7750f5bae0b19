namespace Tessera.Kernels.Common;

/// <summary>Who makes and who reads each value of a graph.</summary>
internal sealed class GraphUses
{
    private readonly Dictionary<int, List<GraphNode>> _readers = [];
    private readonly Dictionary<int, GraphNode> _makers = [];
    private readonly Dictionary<string, int> _order = new(StringComparer.Ordinal);

    /// <summary>Indexes a graph and checks that every value is made once, before it is read.</summary>
    /// <exception cref="UnsupportedModelException">A value is not.</exception>
    public GraphUses(ModelGraph graph)
    {
        foreach (GraphNode node in graph.Nodes)
        {
            foreach (GraphValue input in node.Inputs)
            {
                if (!_makers.ContainsKey(input.Id))
                    throw new UnsupportedModelException($"node '{node.Name}' reads value '{input.Name}' before a node makes it");
                if (!_readers.TryGetValue(input.Id, out List<GraphNode>? readers))
                    _readers.Add(input.Id, readers = []);
                readers.Add(node);
            }
            if (!_makers.TryAdd(node.Output.Id, node))
                throw new UnsupportedModelException($"node '{node.Name}' makes value '{node.Output.Name}', which '{_makers[node.Output.Id].Name}' makes already");
            if (!_order.TryAdd(node.Name, _order.Count))
                throw new UnsupportedModelException($"two nodes are named '{node.Name}'");
        }
        foreach (GraphValue? result in (GraphValue?[])[graph.Hidden, graph.Logits, graph.Pooled])
            if (result is not null && !_makers.ContainsKey(result.Id))
                throw new UnsupportedModelException($"no node makes the graph's result '{result.Name}'");
    }

    /// <summary>The nodes that read a value, in order; a node that reads it twice is there twice.</summary>
    public IReadOnlyList<GraphNode> Readers(GraphValue value) => _readers.TryGetValue(value.Id, out List<GraphNode>? readers) ? readers : [];

    /// <summary>The node that makes a value.</summary>
    public GraphNode Maker(GraphValue value) => _makers[value.Id];

    /// <summary>A node's place in the graph.</summary>
    public int Order(GraphNode node) => _order[node.Name];
}
