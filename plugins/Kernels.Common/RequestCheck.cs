namespace Tessera.Kernels.Common;

/// <summary>Refuses what a backend cannot build, before it has begun.</summary>
internal static class RequestCheck
{
    /// <summary>Checks that the limits leave room for something, and that every operation is known in its revision.</summary>
    /// <param name="backend">The backend's name, which errors begin with.</param>
    /// <param name="request">What is to be built.</param>
    /// <param name="operations">The operations that the backend knows, with their revisions.</param>
    /// <exception cref="TesseraException">A limit is below 1.</exception>
    /// <exception cref="UnsupportedModelException">An operation, or its revision, is not known.</exception>
    public static void Require(string backend, BackendRequest request, IReadOnlyDictionary<string, int> operations)
    {
        RuntimeLimits limits = request.Limits;
        AtLeastOne(backend, nameof(limits.MaxRows), limits.MaxRows);
        AtLeastOne(backend, nameof(limits.MaxOutputs), limits.MaxOutputs);
        AtLeastOne(backend, nameof(limits.MaxSequences), limits.MaxSequences);
        AtLeastOne(backend, nameof(limits.MaxContext), limits.MaxContext);
        AtLeastOne(backend, nameof(limits.BlockTokens), limits.BlockTokens);
        foreach (GraphNode node in request.Graph.Nodes)
            if (!operations.TryGetValue(node.Operation, out int known) || known < node.Revision)
                throw new UnsupportedModelException($"{backend}: node '{node.Name}' needs operation '{node.Operation}' revision {node.Revision}; this backend knows {(known == 0 ? "no such operation" : $"it up to revision {known}")}");
    }

    private static void AtLeastOne(string backend, string name, int value)
    {
        if (value < 1)
            throw new TesseraException($"{backend}: limit {name}: expected at least 1, found {value}");
    }
}
