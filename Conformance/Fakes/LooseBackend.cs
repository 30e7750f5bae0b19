namespace Tessera.Conformance.Fakes;

/// <summary>Asks a backend for runtimes whose rows may depend on the batch: some kernels are only used there.</summary>
/// <param name="backend">The backend; the caller disposes it.</param>
public sealed class LooseBackend(IKernelBackend backend) : IKernelBackend
{
    /// <inheritdoc/>
    public string Name => backend.Name;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, int> Operations => backend.Operations;

    /// <inheritdoc/>
    public IModelRuntime Build(BackendRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return backend.Build(new BackendRequest
        {
            Graph = request.Graph,
            Limits = request.Limits with { BatchInvariant = false },
            Team = request.Team,
            Quantizations = request.Quantizations,
            Tiles = request.Tiles,
            KvBudget = request.KvBudget,
        });
    }
}
