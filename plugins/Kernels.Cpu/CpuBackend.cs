using Microsoft.Extensions.Logging;
using Tessera.Kernels.Common;
using Tessera.Kernels.Cpu.Linear.Transcoding;
using Tessera.Kernels.Cpu.Lowering;
using Tessera.Kernels.Cpu.Plan;
using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu;

/// <summary>Lowers graphs onto the processor.</summary>
/// <param name="isa">The instruction sets that kernels may use.</param>
/// <param name="fusions">What is not stored.</param>
/// <param name="logger">Told what runs without the machine code that plugins offer.</param>
/// <param name="transcode">Whether weights that a plugin only unpacks are written anew at load.</param>
internal sealed class CpuBackend(CpuIsa isa, Fusions fusions = Fusions.All, ILogger? logger = null, bool transcode = false) : IKernelBackend
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
            Transcoder? transcoder = transcode ? new(request.Team, arena) : null;
            GraphLowering lowering = new(request, isa, fusions, arena, transcoder);
            CpuRuntime runtime = new(lowering.Lower());
            if (lowering.WithoutMachineCode is { Count: > 0 } without)
                logger?.LogInformation("cpu: built-in kernels, and no machine code of a plugin, for {Kernels} ({Sets})", string.Join(", ", without), isa.Name);
            if (transcoder is { Tried: > 0 })
                logger?.LogInformation("cpu: {Count} of {Tried} weights that a plugin only unpacks were written anew, {Megabytes:F0} MB, in {Seconds:F1} s", transcoder.Count, transcoder.Tried, transcoder.Bytes / 1e6, transcoder.Time.TotalSeconds);
            return runtime;
        }
        catch
        {
            arena.Dispose();
            throw;
        }
    }
}
