using Tessera.Abstractions;
using Tessera.Abstractions.Backends;
using Tessera.Abstractions.Graphs;

namespace Acme.Plugin;

/// <summary>A beginning of a backend: embeddings, RMS norms, matrices and sums, in plain loops. Add an operation to <see cref="Operations"/> and to <see cref="PlainRuntime"/>, and the kit compares more of a model with the float64 reference.</summary>
public sealed class PlainBackend : IKernelBackend
{
    /// <inheritdoc/>
    public string Name => "acme.plugin";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, int> Operations { get; } = new Dictionary<string, int>
    {
        [Tessera.Abstractions.Graphs.Operations.Embed] = 1,
        [Tessera.Abstractions.Graphs.Operations.RmsNorm] = 1,
        [Tessera.Abstractions.Graphs.Operations.Linear] = 1,
        [Tessera.Abstractions.Graphs.Operations.Add] = 1,
        [Tessera.Abstractions.Graphs.Operations.LmHead] = 1,
    };

    /// <inheritdoc/>
    public IModelRuntime Build(BackendRequest request)
    {
        foreach (GraphNode node in request.Graph.Nodes)
        {
            if (!Operations.TryGetValue(node.Operation, out int revision) || node.Revision > revision)
                throw new UnsupportedModelException($"{Name}: node '{node.Name}' asks for {node.Operation}, revision {node.Revision}");
            foreach (var weight in node.Weights)
                if (request.Quantizations.Find(weight.Quantization) is null)
                    throw new UnsupportedModelException($"{Name}: tensor '{weight.Name}': no plugin provides quantization '{weight.Quantization}'");
        }
        return new PlainRuntime(request);
    }
}
