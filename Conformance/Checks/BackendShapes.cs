using Tessera.Conformance.Fakes;

namespace Tessera.Conformance.Checks;

/// <summary>Holds a backend to the float64 meaning of every operation and revision that it declares: on each of <see cref="CheckShapes.All"/>, as far as the shape's graph goes with what is declared.</summary>
public static class BackendShapes
{
    /// <summary>The greatest relative difference that is let pass.</summary>
    public const double MaxRelative = 1e-3;

    /// <summary>Checks a backend.</summary>
    /// <param name="backend">The backend.</param>
    /// <param name="untried">The operations that it declares and no shape has met: nothing says what they must give.</param>
    /// <returns>What is wrong, with the shape and the first node that shows it; or null.</returns>
    public static string? Problem(IKernelBackend backend, out IReadOnlyList<string> untried)
    {
        ArgumentNullException.ThrowIfNull(backend);
        QuantizationRegistry quantizations = new(new F32());
        HashSet<string> tried = new(StringComparer.Ordinal), beginnings = new(StringComparer.Ordinal);
        untried = [];
        foreach ((string name, CheckShape shape) in CheckShapes.All)
        {
            using CheckModel model = new(shape, quantizations);
            string[] operations = [.. model.Graph.Nodes.TakeWhile(n => Declares(backend, n)).Select(n => $"{n.Operation} {n.Revision}")];
            int nodes = operations.Length;
            // A whole graph is a check of its own; a beginning that another shape has too is not.
            if (nodes == 0 || (nodes < model.NodeCount && !beginnings.Add(string.Join('\n', operations))))
                continue;
            try
            {
                if (BackendCheck.Compare(backend, shape, nodes == model.NodeCount ? model.Graph : model.Prefix(nodes), quantizations).MaxRelative > MaxRelative)
                    return $"differs from the float64 reference ('{name}'): {BackendCheck.Locate(backend, shape, MaxRelative)}";
                tried.UnionWith(operations.Select(o => o[..o.IndexOf(' ', StringComparison.Ordinal)]));
            }
            catch (UnsupportedModelException)
            {
                // It may refuse sizes or attributes; what it refuses it does not answer wrongly.
            }
        }
        untried = [.. backend.Operations.Keys.Except(tried).Order(StringComparer.Ordinal)];
        return null;
    }

    private static bool Declares(IKernelBackend backend, GraphNode node) => backend.Operations.TryGetValue(node.Operation, out int revision) && revision >= node.Revision;
}
