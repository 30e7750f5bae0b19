using Tessera.Kernels.Common;
using Tessera.Kernels.Cpu.Lowering;
using Tessera.Kernels.Cpu.Plan;
using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu;

/// <summary>Lowers graphs onto the processor.</summary>
/// <param name="isa">The instruction sets that kernels may use.</param>
/// <param name="fusions">What is not stored.</param>
internal sealed class CpuBackend(CpuIsa isa, Fusions fusions = Fusions.All) : IKernelBackend
{
    /// <inheritdoc/>
    public string Name => "cpu";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, int> Operations { get; } = new Dictionary<string, int>(StringComparer.Ordinal)
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

    /// <inheritdoc/>
    public IModelRuntime Build(BackendRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        RequestCheck.Require(Name, request, Operations);
        NativeArena arena = new();
        try
        {
            return new CpuRuntime(new GraphLowering(request, isa, fusions, arena).Lower());
        }
        catch
        {
            arena.Dispose();
            throw;
        }
    }
}
