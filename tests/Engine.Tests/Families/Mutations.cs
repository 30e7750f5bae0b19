namespace Tessera.Engine.Tests.Families;

/// <summary>Every graph that differs from a given one in a single thing: a node that only passes its input on, or an attribute that is left out or another.</summary>
internal static class Mutations
{
    public static IEnumerable<(string What, ModelGraph Graph)> Of(ModelGraph graph, int planned)
    {
        for (int i = 0; i < graph.Nodes.Count; i++)
            foreach ((string what, GraphNode[] nodes) in Of(graph.Nodes[i], planned))
                yield return ($"{graph.Nodes[i].Name}: {what}", With(graph, [.. graph.Nodes.Take(i), .. nodes, .. graph.Nodes.Skip(i + 1)], graph.CacheGroups));
        for (int g = 0; g < graph.CacheGroups.Count; g++)
            if (graph.CacheGroups[g] is { Kind: CacheKind.Window } window)
            {
                CacheGroup[] groups = [.. graph.CacheGroups];
                groups[g] = window with { Kind = CacheKind.Full, Window = 0 };
                yield return ($"{window.Name}: no window", With(graph, graph.Nodes, groups));
                foreach (CacheSpec cache in window.Caches)
                    yield return ($"{cache.Name}: no window", With(graph, graph.Nodes, [.. graph.CacheGroups.Where(o => o != window),
                        window with { Caches = [.. window.Caches.Where(c => c != cache)] }, new CacheGroup("mutated", CacheKind.Full, 0, [cache])]));
            }
    }

    private static IEnumerable<(string, GraphNode[])> Of(GraphNode node, int planned)
    {
        // What a pool only passed on would not be pooled.
        foreach (GraphValue input in node.Inputs.Where(v => v.Width == node.Output.Width && node is not PoolNode))
            yield return ($"only {input.Name}", [new ScaleNode(node.Name, input, node.Output, 1)]);
        if (node is not ScaleNode)
            yield return ("halved", Halved(node));
        foreach ((string what, GraphNode other) in Attributes(node, planned))
            yield return (what, [other]);
    }

    private static IEnumerable<(string, GraphNode)> Attributes(GraphNode node, int planned)
    {
        switch (node)
        {
            case RmsNormNode n:
                yield return ("offset", n with { WeightIsOffset = !n.WeightIsOffset });
                yield return ("epsilon", n with { Epsilon = n.Epsilon * 100 });
                yield return ("centered", new LayerNormNode(n.Name, n.Input, n.Output, n.Weight, null, n.Epsilon) { Groups = n.Groups });
                break;
            case LayerNormNode n:
                if (n.Bias is not null)
                    yield return ("no bias", n with { Bias = null });
                yield return ("epsilon", n with { Epsilon = n.Epsilon * 100 });
                yield return ("not centered", n.Bias is null
                    ? new RmsNormNode(n.Name, n.Input, n.Output, n.Weight, n.Epsilon) { Groups = n.Groups }
                    : new RmsNormNode(n.Name, n.Input, n.Output, n.Weight, n.Epsilon) { Groups = n.Groups, WeightIsOffset = true });
                break;
            case LinearNode { Bias: not null } n:
                yield return ("no bias", n with { Bias = null });
                break;
            case RopeNode n:
                yield return ("pairing", n with { Table = n.Table with { Pairing = n.Table.Pairing == RopePairing.Halves ? RopePairing.Interleaved : RopePairing.Halves } });
                foreach ((string what, RopeTable table) in RotationMutations.Of(n.Table, planned))
                    yield return (what, n with { Table = table });
                if (n.Offset != 0)
                    yield return ("offset", n with { Offset = n.Offset - 1 });
                break;
            case AttentionNode n:
                yield return ("scale", n with { Scale = n.Scale * 2 });
                if (n.SoftCap != 0)
                    yield return ("no cap", n with { SoftCap = 0 });
                if (n.Sinks is not null)
                    yield return ("no sinks", n with { Sinks = null });
                break;
            case BidirectionalAttentionNode n:
                yield return ("scale", n with { Scale = n.Scale * 2 });
                yield return ("reach", n with { Reach = n.Reach == 0 ? 8 : n.Reach + 1 });
                break;
            case EmbedNode { Index: not EmbedIndex.Token } n:
                yield return ("index", n with { Index = n.Index == EmbedIndex.Position ? EmbedIndex.TokenType : EmbedIndex.Position, Weight = n.Weight });
                if (n.Offset > 0)
                    yield return ("offset", n with { Offset = n.Offset - 1 });
                break;
            case PoolNode n:
                foreach (PoolingKind kind in (PoolingKind[])[PoolingKind.Mean, PoolingKind.First, PoolingKind.Last])
                    if (kind != n.Kind)
                        yield return ($"{kind}", n with { Kind = kind });
                break;
            case MixtureOfExpertsNode n:
                foreach ((string what, MixtureOfExpertsNode other) in MixtureMutations.Of(n))
                    yield return (what, other);
                break;
            case ActivationNode n:
                yield return ("activation", n with { Activation = n.Activation == Activation.GeluTanh ? Activation.Silu : Activation.GeluTanh });
                break;
            case GatedActivationNode n:
                yield return ("activation", n with { Activation = n.Activation == Activation.GeluTanh ? Activation.Silu : Activation.GeluTanh });
                yield return ("exchanged", n with { Gate = n.Up, Up = n.Gate });
                break;
            case SliceNode n:
                yield return ("offset", n with { Offset = n.Offset == 0 ? 1 : n.Offset - 1 });
                break;
            case LmHeadNode n:
                if (n.Bias is not null)
                    yield return ("no bias", n with { Bias = null });
                if (n.Scale != 1)
                    yield return ("no scale", n with { Scale = 1 });
                if (n.SoftCap != 0)
                    yield return ("no cap", n with { SoftCap = 0 });
                break;
        }
    }

    /// <summary>The node with another output, and half of that as the node's own.</summary>
    private static GraphNode[] Halved(GraphNode node)
    {
        if (node is LmHeadNode head)
            return [head with { Scale = head.Scale / 2 }];
        GraphValue whole = new(1_000_000, $"{node.Output.Name} whole", node.Output.Width);
        return [node with { Name = $"{node.Name} whole", Output = whole }, new ScaleNode(node.Name, whole, node.Output, 0.5f)];
    }

    private static ModelGraph With(ModelGraph graph, IReadOnlyList<GraphNode> nodes, IReadOnlyList<CacheGroup> groups) => new()
    {
        Nodes = nodes,
        CacheGroups = groups,
        VocabularySize = graph.VocabularySize,
        Hidden = graph.Hidden,
        Logits = graph.Logits,
        Pooled = graph.Pooled,
    };
}
