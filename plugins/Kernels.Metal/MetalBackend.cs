using Tessera.Kernels.Common;
using Tessera.Kernels.Metal.Device;
using Tessera.Kernels.Metal.Lowering;
using Tessera.Kernels.Metal.Plan;

namespace Tessera.Kernels.Metal;

/// <summary>Lowers graphs onto an Apple GPU. Where there is none, every graph is refused with <see cref="MetalDevice.Unavailable"/>.</summary>
/// <param name="logger">Told what is transcoded.</param>
internal sealed class MetalBackend(ILogger logger) : IKernelBackend, IDisposable
{
    private readonly Lock _lock = new();
    private MetalDevice? _device;
    private bool _opened;

    /// <inheritdoc/>
    public string Name => "metal";

    /// <summary>Tokens of a part of a context; another number only in tests.</summary>
    public int PartitionTokens { get; init; } = AttentionStage.PartitionTokens;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, int> Operations { get; } = new Dictionary<string, int>(StringComparer.Ordinal)
    {
        [Abstractions.Graphs.Operations.Embed] = 2,
        [Abstractions.Graphs.Operations.RmsNorm] = 2,
        [Abstractions.Graphs.Operations.LayerNorm] = 1,
        [Abstractions.Graphs.Operations.Linear] = 1,
        [Abstractions.Graphs.Operations.Rope] = 2,
        [Abstractions.Graphs.Operations.Attention] = 2,
        [Abstractions.Graphs.Operations.Activation] = 2,
        [Abstractions.Graphs.Operations.GatedActivation] = 3,
        [Abstractions.Graphs.Operations.MixtureOfExperts] = 2,
        [Abstractions.Graphs.Operations.Add] = 1,
        [Abstractions.Graphs.Operations.Scale] = 1,
        [Abstractions.Graphs.Operations.Slice] = 1,
        [Abstractions.Graphs.Operations.LmHead] = 2,
        [Abstractions.Graphs.Operations.HeadLinear] = 1,
        [Abstractions.Graphs.Operations.Concat] = 1,
        [Abstractions.Graphs.Operations.BidirectionalAttention] = 1,
        [Abstractions.Graphs.Operations.Pool] = 1,
    };

    /// <inheritdoc/>
    public IModelRuntime Build(BackendRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        MetalDevice device = Device() ?? throw new UnsupportedModelException($"metal: {MetalDevice.Unavailable}");
        RequestCheck.Require(Name, request, Operations);
        using AutoreleasePool pool = new();
        Scratch scratch = new(device);
        List<CacheArena> groups = [];
        try
        {
            return new MetalRuntime(new GraphLowering(request, device, scratch, groups, PartitionTokens, logger).Lower());
        }
        catch
        {
            groups.ForEach(g => g.Dispose());
            scratch.Dispose();
            throw;
        }
    }

    /// <summary>The device, opened when it is first asked for; null where there is none.</summary>
    public MetalDevice? Device()
    {
        lock (_lock)
        {
            if (!_opened)
                _device = MetalDevice.TryOpen();
            _opened = true;
            return _device;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _device?.Dispose();
            _device = null;
        }
    }
}
