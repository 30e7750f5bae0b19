using McMaster.NETCore.Plugins;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Plugins;

/// <summary>Where a generation is in its life.</summary>
public enum GenerationState
{
    /// <summary>Leases can be taken.</summary>
    Active,
    /// <summary>No new leases; the old ones are running out.</summary>
    Draining,
    /// <summary>Its container is disposed and its load context told to unload.</summary>
    Unloaded,
    /// <summary>Unloaded long ago, and its assembly is still there: something holds on to it.</summary>
    Leaked,
}

/// <summary>One loaded version of a plugin: a load context, a container and the count of who uses them. Disposed and unloaded when it is retired and the last lease is back.</summary>
public sealed class PluginGeneration
{
    private const int CollectionRounds = 10;
    private static readonly TimeSpan CollectionPause = TimeSpan.FromMilliseconds(500);

    private readonly ILogger _logger;
    private readonly TaskCompletionSource _unloaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private PluginLoader? _loader;
    private ServiceProvider? _services;
    private ProvidedContracts? _contracts;
    private int _leases;

    internal PluginGeneration(VerifiedPackage package, PluginLoader loader, ServiceProvider services, ProvidedContracts contracts, WeakReference assembly, ILogger logger)
    {
        (Id, Version, Stored, Provides, Voucher, Package) = (package.Manifest.Id, package.Manifest.Version, package.Version, package.Manifest.Provides, package.Voucher, package.Package);
        (_loader, _services, _contracts, Assembly, _logger) = (loader, services, contracts, assembly, logger);
    }

    /// <summary>The plugin's id.</summary>
    public string Id { get; }

    /// <summary>The plugin's version.</summary>
    public string Version { get; }

    /// <summary>Its package's version and hash.</summary>
    internal StoredVersion Stored { get; }

    /// <summary>What it registered, as its manifest says.</summary>
    internal IReadOnlyList<ProvidedContract> Provides { get; }

    /// <summary>Who vouches for it, for people.</summary>
    public string Voucher { get; }

    /// <summary>Where it was loaded from.</summary>
    public PluginPackage Package { get; }

    /// <summary>Where it is in its life.</summary>
    public GenerationState State { get; private set; }

    /// <summary>How many use it.</summary>
    public int Leases
    {
        get
        {
            lock (_lock)
                return _leases;
        }
    }

    /// <summary>The entry assembly; dead some time after <see cref="Unloaded"/>, unless something leaks.</summary>
    public WeakReference Assembly { get; }

    /// <summary>Completes when the container is disposed and the context told to unload.</summary>
    public Task Unloaded => _unloaded.Task;

    /// <summary>Keeps the generation alive until the lease is disposed.</summary>
    /// <exception cref="PluginException">It is draining or unloaded.</exception>
    public PluginLease Acquire()
    {
        lock (_lock)
        {
            if (State != GenerationState.Active)
                throw new PluginException($"plugin '{Id}' {Version} is {(State == GenerationState.Draining ? "draining" : "unloaded")}");
            _leases++;
            return new PluginLease(this, _contracts!);
        }
    }

    /// <summary>Waits until it is unloaded and its assembly collected.</summary>
    /// <returns>False when it leaks: it outlived ten collections, half a second apart.</returns>
    internal async Task<bool> CollectedAsync(TimeProvider time)
    {
        await Unloaded.ConfigureAwait(false);
        for (int round = 0; round < CollectionRounds; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            if (!Assembly.IsAlive)
                return true;
            await Task.Delay(CollectionPause, time).ConfigureAwait(false);
        }
        State = GenerationState.Leaked;
        _logger.LogError("plugin '{Id}' {Version} leaks: its assembly is alive after {Rounds} collections; something holds an object, type or delegate of it", Id, Version, CollectionRounds);
        return false;
    }

    /// <summary>Gives no more leases; unloads at once when there are none, else with the last one.</summary>
    public void Retire()
    {
        bool last;
        lock (_lock)
        {
            if (State != GenerationState.Active)
                return;
            State = GenerationState.Draining;
            last = _leases == 0;
        }
        if (last)
            _ = UnloadAsync();
    }

    internal void Release()
    {
        bool last;
        lock (_lock)
            last = --_leases == 0 && State == GenerationState.Draining;
        if (last)
            _ = UnloadAsync();
    }

    private async Task UnloadAsync()
    {
        try
        {
            await _services!.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The exception may be of the plugin's own type: only its text leaves this frame.
            string text = Failure.Describe(e);
            _logger.LogError("plugin '{Id}' {Version}: dispose failed: {Error}", Id, Version, text);
        }
        _loader!.Dispose();
        (_services, _contracts, _loader) = (null, null, null);
        State = GenerationState.Unloaded;
        _logger.LogInformation("plugin '{Id}' {Version} unloaded", Id, Version);
        _unloaded.TrySetResult();
    }
}

/// <summary>Keeps a generation alive; disposing twice is the same as once.</summary>
public sealed class PluginLease : IDisposable
{
    private PluginGeneration? _generation;
    private ProvidedContracts? _contracts;

    internal PluginLease(PluginGeneration generation, ProvidedContracts contracts) => (_generation, _contracts) = (generation, contracts);

    /// <summary>What the plugin registered; not to be kept beyond the lease.</summary>
    internal ProvidedContracts Contracts => _contracts ?? throw new ObjectDisposedException(nameof(PluginLease));

    /// <inheritdoc/>
    public void Dispose()
    {
        _contracts = null;
        Interlocked.Exchange(ref _generation, null)?.Release();
    }
}
