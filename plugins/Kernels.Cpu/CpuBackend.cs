using Tessera.Kernels.Cpu.Lowering;
using Tessera.Kernels.Cpu.Plan;
using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu;

/// <summary>Lowers graphs onto the processor.</summary>
/// <param name="isa">The instruction sets that kernels may use.</param>
internal sealed class CpuBackend(CpuIsa isa) : IKernelBackend
{
    /// <inheritdoc/>
    public string Name => "cpu";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, int> Operations { get; } = new Dictionary<string, int>(StringComparer.Ordinal)
    {
        [Abstractions.Graphs.Operations.Embed] = 1,
        [Abstractions.Graphs.Operations.RmsNorm] = 2,
        [Abstractions.Graphs.Operations.LayerNorm] = 1,
        [Abstractions.Graphs.Operations.Linear] = 1,
        [Abstractions.Graphs.Operations.HeadLinear] = 1,
        [Abstractions.Graphs.Operations.Rope] = 2,
        [Abstractions.Graphs.Operations.Attention] = 2,
        [Abstractions.Graphs.Operations.Activation] = 1,
        [Abstractions.Graphs.Operations.GatedActivation] = 2,
        [Abstractions.Graphs.Operations.MixtureOfExperts] = 1,
        [Abstractions.Graphs.Operations.Add] = 1,
        [Abstractions.Graphs.Operations.Scale] = 1,
        [Abstractions.Graphs.Operations.Slice] = 1,
        [Abstractions.Graphs.Operations.Concat] = 1,
        [Abstractions.Graphs.Operations.LmHead] = 2,
    };

    /// <inheritdoc/>
    public IModelRuntime Build(BackendRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        RuntimeLimits limits = request.Limits;
        AtLeastOne(nameof(limits.MaxRows), limits.MaxRows);
        AtLeastOne(nameof(limits.MaxOutputs), limits.MaxOutputs);
        AtLeastOne(nameof(limits.MaxSequences), limits.MaxSequences);
        AtLeastOne(nameof(limits.MaxContext), limits.MaxContext);
        AtLeastOne(nameof(limits.BlockTokens), limits.BlockTokens);
        foreach (GraphNode node in request.Graph.Nodes)
            if (!Operations.TryGetValue(node.Operation, out int known) || known < node.Revision)
                throw new UnsupportedModelException($"cpu: node '{node.Name}' needs operation '{node.Operation}' revision {node.Revision}; this backend knows {(known == 0 ? "no such operation" : $"it up to revision {known}")}");
        NativeArena arena = new();
        try
        {
            return new CpuRuntime(new GraphLowering(request, isa, arena).Lower());
        }
        catch
        {
            arena.Dispose();
            throw;
        }
    }

    private static void AtLeastOne(string name, int value)
    {
        if (value < 1)
            throw new TesseraException($"cpu: limit {name}: expected at least 1, found {value}");
    }
}
