namespace Tessera.Conformance.Interpreter;

/// <summary>The meaning of every operation: a graph computed node by node and row by row in float64, with weights as their quantizations define them. Slow, and shares no code with any backend.</summary>
public sealed class ReferenceBackend : IKernelBackend
{
    /// <inheritdoc/>
    public string Name => "reference";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, int> Operations { get; } = new Dictionary<string, int>
    {
        [Abstractions.Graphs.Operations.Embed] = 2,
        [Abstractions.Graphs.Operations.RmsNorm] = 2,
        [Abstractions.Graphs.Operations.LayerNorm] = 1,
        [Abstractions.Graphs.Operations.Linear] = 1,
        [Abstractions.Graphs.Operations.HeadLinear] = 1,
        [Abstractions.Graphs.Operations.Rope] = 2,
        [Abstractions.Graphs.Operations.Attention] = 2,
        [Abstractions.Graphs.Operations.BidirectionalAttention] = 1,
        [Abstractions.Graphs.Operations.Pool] = 1,
        [Abstractions.Graphs.Operations.Activation] = 2,
        [Abstractions.Graphs.Operations.GatedActivation] = 3,
        [Abstractions.Graphs.Operations.MixtureOfExperts] = 2,
        [Abstractions.Graphs.Operations.Add] = 1,
        [Abstractions.Graphs.Operations.Scale] = 1,
        [Abstractions.Graphs.Operations.Slice] = 1,
        [Abstractions.Graphs.Operations.Concat] = 1,
        [Abstractions.Graphs.Operations.LmHead] = 2,
    };

    /// <summary>Checks the graph and dequantizes its weights. Computes on the caller's thread; team, tiles, KV type and precision of the request are not used.</summary>
    /// <exception cref="TesseraException">The graph does not hang together; the text names the node.</exception>
    /// <exception cref="UnsupportedModelException">An operation, revision or quantization is not known.</exception>
    public IModelRuntime Build(BackendRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        GraphRules.Require(request.Graph, Operations);
        return new ReferenceRuntime(request.Graph, request.Limits, new ReferenceWeights(request.Graph, request.Quantizations), request.KvBudget);
    }
}
