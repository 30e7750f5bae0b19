namespace Tessera.Engine.Graphs;

/// <summary>Checks a graph against what a backend says that it knows, and its weights against their quantizations, before the backend sees either.</summary>
public static class GraphCheck
{
    /// <summary>Refuses a graph that the backend would not compute rightly.</summary>
    /// <exception cref="UnsupportedModelException">An operation or revision that the backend does not know, or a quantization that no plugin provides.</exception>
    /// <exception cref="ModelFormatException">A weight breaks its quantization's rules.</exception>
    public static void Require(ModelGraph graph, IKernelBackend backend, IQuantizationRegistry quantizations)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(backend);
        ArgumentNullException.ThrowIfNull(quantizations);
        HashSet<string> validated = [];
        foreach (GraphNode node in graph.Nodes)
        {
            if (!backend.Operations.TryGetValue(node.Operation, out int known))
                throw new UnsupportedModelException($"node '{node.Name}' needs operation '{node.Operation}' revision {node.Revision}; backend '{backend.Name}' does not have this operation");
            if (known < node.Revision)
                throw new UnsupportedModelException($"node '{node.Name}' needs operation '{node.Operation}' revision {node.Revision}; backend '{backend.Name}' knows it up to revision {known}");
            foreach (WeightTensor weight in node.Weights)
                if (validated.Add(weight.Name))
                    Validate(weight, quantizations);
        }
    }

    /// <summary>All that a backend lacks for a graph, each operation once; empty where it lacks nothing.</summary>
    public static IReadOnlyList<string> Missing(ModelGraph graph, IKernelBackend backend)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(backend);
        List<string> missing = [];
        foreach (IGrouping<string, GraphNode> nodes in graph.Nodes.GroupBy(n => n.Operation))
        {
            GraphNode highest = nodes.MaxBy(n => n.Revision)!;
            bool has = backend.Operations.TryGetValue(nodes.Key, out int known);
            int count = nodes.Count(n => !has || n.Revision > known);
            if (count > 0)
                missing.Add($"operation '{nodes.Key}' revision {highest.Revision} for node '{highest.Name}'{(count > 1 ? $" and {count - 1} more" : "")}: backend '{backend.Name}' {(has ? $"knows it up to revision {known}" : "does not have this operation")}");
        }
        return missing;
    }

    /// <summary>The tensor's quantization, after it has accepted the tensor.</summary>
    /// <exception cref="UnsupportedModelException">No plugin provides the quantization.</exception>
    /// <exception cref="ModelFormatException">The tensor breaks the quantization's rules.</exception>
    public static IQuantization Validate(WeightTensor weight, IQuantizationRegistry quantizations)
    {
        ArgumentNullException.ThrowIfNull(weight);
        ArgumentNullException.ThrowIfNull(quantizations);
        IQuantization quantization = quantizations.Find(weight.Quantization)
            ?? throw new UnsupportedModelException($"tensor '{weight.Name}' is of type '{weight.Quantization}', which no loaded plugin provides");
        foreach (WeightTensor slice in weight.Stack.Count > 0 ? weight.Stack : [weight])
            quantization.Validate(slice);
        return quantization;
    }
}
