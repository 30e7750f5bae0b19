using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using McMaster.NETCore.Plugins;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Plugins;

/// <summary>One loaded version of a plugin: a load context, a container and the count of who uses them. Disposed and unloaded when it is retired and the last lease is back.</summary>
public sealed class PluginGeneration
{
    private const int CollectionRounds = 10;
    private static readonly TimeSpan CollectionPause = TimeSpan.FromMilliseconds(500);
    private static int s_lastNumber;

    private readonly ILogger _logger;
    private readonly NativeLibraries _natives;
    private readonly TaskCompletionSource _unloaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private PluginLoader? _loader;
    private ServiceProvider? _services;
    private ProvidedContracts? _contracts;
    private GenerationState _state = GenerationState.Loaded;
    private bool _isStuck;
    private bool _unloading;
    private int _leases;

    internal PluginGeneration(VerifiedPackage package, BoundOptions options, PluginLoader loader, ServiceProvider services, ProvidedContracts contracts, WeakReference assembly, NativeLibraries natives, ILogger logger)
    {
        (Id, Version, Stored, Provides, Voucher, Package) = (package.Manifest.Id, package.Manifest.Version, package.Version, package.Manifest.Provides, package.Voucher, package.Package);
        Options = options;
        DrainTime = package.Manifest.DrainSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        (_loader, _services, _contracts, Assembly, _natives, _logger) = (loader, services, contracts, assembly, natives, logger);
        Context = new WeakReference(AssemblyLoadContext.GetLoadContext((System.Reflection.Assembly)assembly.Target!));
        Number = Interlocked.Increment(ref s_lastNumber);
    }

    /// <summary>The plugin's id.</summary>
    public string Id { get; }

    /// <summary>The plugin's version.</summary>
    public string Version { get; }

    /// <summary>Counts what this process has loaded.</summary>
    public int Number { get; }

    /// <summary>Its package's version and hash.</summary>
    internal StoredVersion Stored { get; }

    /// <summary>What it registered, as its manifest says.</summary>
    internal IReadOnlyList<ProvidedContract> Provides { get; }

    /// <summary>The options that it was made with.</summary>
    internal BoundOptions Options { get; }

    /// <summary>How long its manifest lets it go on with what runs; null: as the host says.</summary>
    internal TimeSpan? DrainTime { get; }

    /// <summary>How long its <c>Dispose</c> may take before it counts as stuck.</summary>
    internal TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Whether it is only kept to go back to: that its leases do not come back is no sign that it hangs.</summary>
    internal bool IsKept { get; set; }

    /// <summary>Measures <see cref="Patience"/>.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Who vouches for it, for people.</summary>
    public string Voucher { get; }

    /// <summary>Where it was loaded from.</summary>
    public PluginPackage Package { get; }

    /// <summary>What holds its assembly, where it leaks; null where it does not, or not yet.</summary>
    public string? Leak { get; private set; }

    /// <summary>Where it is in its life.</summary>
    public GenerationState State
    {
        get
        {
            lock (_lock)
                return _isStuck && _state is not (GenerationState.Unloaded or GenerationState.Leaked) ? GenerationState.Stuck : _state;
        }
    }

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

    /// <summary>Its load context; dead when the assembly is, unless something holds it alone.</summary>
    internal WeakReference Context { get; }

    /// <summary>Completes when the container is disposed and the context told to unload.</summary>
    public Task Unloaded => _unloaded.Task;

    /// <summary>Keeps the generation alive until the lease is disposed.</summary>
    /// <exception cref="PluginException">It is draining or unloaded.</exception>
    public PluginLease Acquire()
    {
        lock (_lock)
        {
            if (_state is not (GenerationState.Loaded or GenerationState.Canary or GenerationState.Active))
                throw new PluginException($"plugin '{Id}' {Version} is {(_state == GenerationState.Draining ? "draining" : "unloaded")}");
            _leases++;
            return new PluginLease(this, _contracts!);
        }
    }

    /// <summary>Goes on in its life: loaded, tried, in use.</summary>
    internal void Advance(GenerationState state)
    {
        lock (_lock)
            if (_state is GenerationState.Loaded or GenerationState.Canary)
                _state = state;
    }

    /// <summary>Code of it does not come back: said until it is unloaded after all.</summary>
    internal void MarkStuck()
    {
        lock (_lock)
        {
            if (_isStuck)
                return;
            _isStuck = true;
        }
        _logger.LogError("plugin '{Id}' {Version} is stuck: code of it has not come back; it stays loaded for as long as that lasts", Id, Version);
    }

    /// <summary>Waits until it is unloaded and its assembly and load context collected; its native libraries are freed then.</summary>
    /// <returns>False when it leaks: it outlived ten collections, half a second apart.</returns>
    internal async Task<bool> CollectedAsync(TimeProvider time)
    {
        await Unloaded.ConfigureAwait(false);
        for (int round = 0; round < CollectionRounds; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            if (!Assembly.IsAlive && !Context.IsAlive)
            {
                _natives.Free();
                return true;
            }
            await Task.Delay(CollectionPause, time).ConfigureAwait(false);
        }
        Leak = LeakReport.Of(Assembly, Context);
        lock (_lock)
            _state = GenerationState.Leaked;
        _logger.LogError("plugin '{Id}' {Version} leaks: its {What} is alive after {Rounds} collections. {Report}", Id, Version, Assembly.IsAlive ? "assembly" : "load context", CollectionRounds, Leak);
        return false;
    }

    /// <summary>Gives no more leases; unloads at once when there are none, else with the last one.</summary>
    public void Retire()
    {
        bool last;
        lock (_lock)
        {
            if (_state is not (GenerationState.Loaded or GenerationState.Canary or GenerationState.Active))
                return;
            _state = GenerationState.Draining;
            last = _unloading = _leases == 0;
        }
        if (last)
            _ = UnloadAsync();
    }

    /// <summary>Gives leases again, while it is not unloaded yet: who calls holds a lease.</summary>
    internal void Revive()
    {
        lock (_lock)
        {
            if (_unloading)
                throw new PluginException($"plugin '{Id}' {Version} is unloaded");
            _state = GenerationState.Active;
        }
    }

    internal void Release()
    {
        bool last;
        lock (_lock)
        {
            last = --_leases == 0 && _state == GenerationState.Draining && !_unloading;
            _unloading |= last;
        }
        if (last)
            _ = UnloadAsync();
    }

    private async Task UnloadAsync()
    {
        // Not on the caller's thread: it may be a request's, and Dispose may never come back.
        Task disposing = Task.Run(DisposeServicesAsync);
        if (await Task.WhenAny(disposing, Task.Delay(Patience, Clock)).ConfigureAwait(false) != disposing)
            MarkStuck();
        await disposing.ConfigureAwait(false);
        _loader!.Dispose();
        (_services, _contracts, _loader) = (null, null, null);
        lock (_lock)
            _state = GenerationState.Unloaded;
        _logger.LogInformation("plugin '{Id}' {Version} unloaded", Id, Version);
        _unloaded.TrySetResult();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task DisposeServicesAsync()
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
