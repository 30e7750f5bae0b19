using System.Diagnostics;
using Tessera.Host.Configuration;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Plugins;

/// <summary>The loaded plugins, in the order of <c>plugins.load</c>.</summary>
public sealed class PluginHost : IAsyncDisposable
{
    private readonly TrustedFiles _trusted;
    private readonly PluginActivator _activator;
    private readonly ILogger _logger;
    private readonly Dictionary<PluginGeneration, long> _retired = [];
    private readonly List<HungPackage> _hung = [];
    private volatile IReadOnlyList<PluginGeneration> _generations = [];

    private PluginHost(PluginsConfiguration plugins, TrustedFiles trusted, ILoggerFactory loggers, TimeProvider clock)
    {
        (Configuration, _trusted, Clock) = (plugins, trusted, clock);
        _activator = new PluginActivator(loggers, patience: () => Configuration.LifeCycle.Stuck, clock: clock);
        _logger = loggers.CreateLogger<PluginHost>();
        Locator = new PluginLocator(plugins, trusted);
    }

    /// <summary>The generation of each plugin that new compositions take.</summary>
    public IReadOnlyList<PluginGeneration> Generations => _generations;

    /// <summary>Measures how long plugins take for what may hang.</summary>
    internal TimeProvider Clock { get; }

    /// <summary>Finds and verifies packages.</summary>
    internal PluginLocator Locator { get; private set; }

    /// <summary>What is loaded and from where, and whom is trusted.</summary>
    internal PluginsConfiguration Configuration { get; private set; }

    /// <summary>Told of what was unloaded, and so long after it was retired; and of what leaks.</summary>
    internal Action<PluginGeneration, TimeSpan, bool>? Ended { get; set; }

    /// <summary>Packages whose loading has not come back.</summary>
    internal IReadOnlyList<HungPackage> Hung
    {
        get
        {
            lock (_hung)
                return [.. _hung];
        }
    }

    /// <summary>Verifies all packages, then loads them.</summary>
    /// <param name="plugins">What to load and from where.</param>
    /// <param name="trusted">The files that need no permission.</param>
    /// <param name="loggers">Forwarded to the plugins.</param>
    /// <param name="clock">Measures how long they take for what may hang; null: the system's.</param>
    /// <exception cref="PluginException">A package is missing or breaks a rule; of those that were verified every failure is in the text. Nothing stays loaded.</exception>
    /// <exception cref="ConfigurationException">An option does not fit its plugin's manifest.</exception>
    public static PluginHost Load(PluginsConfiguration plugins, TrustedFiles trusted, ILoggerFactory loggers, TimeProvider? clock = null)
    {
        PluginHost host = new(plugins, trusted, loggers, clock ?? TimeProvider.System);
        host.ForgetUnfinished();
        List<PluginGeneration> generations = [];
        try
        {
            foreach ((VerifiedPackage package, BoundOptions options) in host.Verify(plugins))
            {
                generations.Add(host.LoadAsync(package, options).GetAwaiter().GetResult());
                generations[^1].Advance(GenerationState.Active);
            }
        }
        catch (TesseraException)
        {
            generations.ForEach(g => g.Retire());
            throw;
        }
        host._generations = generations;
        return host;
    }

    /// <summary>The active generation of a plugin.</summary>
    /// <exception cref="PluginException">It is not loaded.</exception>
    public PluginGeneration Get(string id) =>
        Generations.FirstOrDefault(g => g.Id == id) ?? throw new PluginException($"plugin '{id}' is not loaded; loaded are {string.Join(", ", Generations.Select(g => g.Id))}");

    /// <summary>Retires every generation and waits until all leases are back and all are unloaded.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (PluginGeneration generation in Generations)
            generation.Retire();
        Task unloaded = Task.WhenAll(Generations.Where(g => g.State != GenerationState.Stuck).Select(g => g.Unloaded));
        await Task.WhenAny(unloaded, Task.Delay(Configuration.LifeCycle.Stuck)).ConfigureAwait(false);
    }

    /// <summary>From now on packages are looked for and trusted as this configuration says.</summary>
    internal void Use(PluginsConfiguration configuration) => (Configuration, Locator) = (configuration, new PluginLocator(configuration, _trusted));

    /// <summary>A host that was killed while it switched starts on what was in use before.</summary>
    private void ForgetUnfinished()
    {
        Locator.Store.Tidy();
        foreach ((string id, PluginRecord record) in Locator.Store.Read().Plugins)
            if (record.Pending is { } pending)
            {
                _logger.LogWarning("plugin '{Id}': {Pending} was being put in use ({State}) when a host ended; {Active} stays in use", id, pending, record.PendingState, record.Active?.ToString() ?? "the package of plugins.folder");
                Locator.Store.Update(id, r => r.Try(null));
            }
    }

    /// <summary>The generations that were replaced and are not collected yet.</summary>
    public IReadOnlyList<PluginGeneration> Retired
    {
        get
        {
            lock (_retired)
                return [.. _retired.Keys.Where(g => g.State != GenerationState.Active).OrderBy(g => g.Number)];
        }
    }

    /// <summary>Refuses a package that contradicts the plugins that are loaded beside it.</summary>
    /// <exception cref="PluginException">It provides what another one does.</exception>
    internal void RequireUnique(VerifiedPackage package)
    {
        foreach (PluginGeneration other in Generations.Where(g => g.Id != package.Manifest.Id))
            if (other.Provides.Intersect(package.Manifest.Provides).FirstOrDefault(ProvidedContracts.IsUnique) is { } twice)
                throw package.Package.Refuse($"plugin '{other.Id}' provides {twice.Kind} '{twice.Name}' already");
    }

    /// <summary>The generations as they are with another one of a plugin.</summary>
    /// <param name="id">The plugin.</param>
    /// <param name="next">The generation; null: the plugin is gone.</param>
    internal IReadOnlyList<PluginGeneration> With(string id, PluginGeneration? next)
    {
        IReadOnlyList<PluginGeneration> now = _generations;
        return now.Any(g => g.Id == id) ? [.. now.Select(g => g.Id == id ? next : g).OfType<PluginGeneration>()] : next is null ? now : [.. now, next];
    }

    /// <summary>From now on new compositions take these generations.</summary>
    internal void Set(IReadOnlyList<PluginGeneration> generations)
    {
        foreach (PluginGeneration generation in generations)
            generation.Advance(GenerationState.Active);
        _generations = generations;
    }

    /// <summary>Retires a generation that nothing new takes, and watches until it is gone.</summary>
    /// <param name="generation">The generation.</param>
    /// <param name="drain">How long its leases may take to come back; after that, and the time of <c>plugins.stuckSeconds</c>, it counts as stuck.</param>
    internal async Task RetireAsync(PluginGeneration generation, TimeSpan drain)
    {
        bool first;
        long start = Stopwatch.GetTimestamp();
        lock (_retired)
            first = _retired.TryAdd(generation, start);
        generation.Retire();
        // One that was revived and retired again is watched already.
        if (!first)
            return;
        TimeSpan patience = drain + Configuration.LifeCycle.Stuck;
        while (await Task.WhenAny(generation.Unloaded, Task.Delay(patience, Clock)).ConfigureAwait(false) != generation.Unloaded)
            if (generation is { State: GenerationState.Draining, IsKept: false })
                generation.MarkStuck();
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        bool collected = await generation.CollectedAsync(TimeProvider.System).ConfigureAwait(false);
        if (collected)
            lock (_retired)
                _retired.Remove(generation);
        Ended?.Invoke(generation, elapsed, !collected);
    }

    /// <summary>Loads a package beside what is loaded; nothing takes it until <see cref="Set"/>.</summary>
    /// <exception cref="TesseraException">It cannot be loaded; nothing stays loaded, but what does not come back.</exception>
    internal async Task<PluginGeneration> LoadAsync(VerifiedPackage package, BoundOptions options)
    {
        PluginGeneration generation;
        HungPackage hung = new(package.Manifest.Id, package.Version);
        try
        {
            generation = await Guarded.RunAsync($"plugin '{hung.Id}' {package.Manifest.Version}: loading", Configuration.LifeCycle.Stuck, Clock, () => _activator.Activate(package, options), late => ComesBack(hung, late)).ConfigureAwait(false);
        }
        catch (PluginStuckException)
        {
            lock (_hung)
                if (!hung.IsBack)
                    _hung.Add(hung);
            throw;
        }
        _logger.LogInformation("plugin '{Id}' {Version} loaded from {Folder}, {Voucher}", generation.Id, generation.Version, package.Package.Folder, package.Voucher);
        return generation;
    }

    /// <summary>A package was loaded after all; nobody waits for it any more.</summary>
    private void ComesBack(HungPackage hung, PluginGeneration late)
    {
        lock (_hung)
        {
            hung.IsBack = true;
            _hung.Remove(hung);
        }
        _ = RetireAsync(late, TimeSpan.Zero);
    }

    /// <summary>The options of a plugin as a configuration sets them.</summary>
    /// <exception cref="ConfigurationException">One does not fit the manifest.</exception>
    internal static BoundOptions Options(PluginManifest manifest, PluginsConfiguration configuration)
    {
        ConfigurationErrors errors = new();
        BoundOptions options = PluginOptions.Bind(manifest, configuration, errors);
        errors.ThrowIfAny();
        return options;
    }

    /// <summary>A package, verified by the rules of a configuration.</summary>
    /// <exception cref="PluginException">It breaks one.</exception>
    internal VerifiedPackage Verify(PluginPackage package, PluginsConfiguration configuration) => new PluginLocator(configuration, _trusted).Verify(package);

    /// <summary>The packages that a configuration wants, verified, with their options.</summary>
    /// <exception cref="PluginException">One is missing or breaks a rule; every failure is in the text.</exception>
    /// <exception cref="ConfigurationException">An option does not fit its plugin's manifest.</exception>
    internal List<(VerifiedPackage, BoundOptions)> Verify(PluginsConfiguration configuration)
    {
        PluginLocator locator = new(configuration, _trusted);
        List<(VerifiedPackage Package, BoundOptions)> verified = [];
        Dictionary<ProvidedContract, string> providers = [];
        List<string> failures = [];
        ConfigurationErrors errors = new();
        foreach (string id in locator.Ids())
            try
            {
                if (verified.Any(v => v.Package.Manifest.Id == id))
                    throw new PluginException($"plugin '{id}' stands in plugins.load twice");
                VerifiedPackage package = locator.Locate(id);
                foreach (ProvidedContract contract in package.Manifest.Provides.Where(ProvidedContracts.IsUnique))
                    if (!providers.TryAdd(contract, id))
                        throw new PluginException($"plugins '{providers[contract]}' and '{id}' both provide {contract.Kind} '{contract.Name}'; load one of them");
                verified.Add((package, PluginOptions.Bind(package.Manifest, configuration, errors)));
            }
            catch (PluginException e)
            {
                failures.Add(e.Message);
            }
        if (failures.Count > 0)
            throw new PluginException(string.Join('\n', failures));
        errors.ThrowIfAny();
        return verified;
    }
}

/// <summary>A package whose loading has not come back: it has no generation, and is not unloaded.</summary>
internal sealed class HungPackage(string id, StoredVersion version)
{
    /// <summary>The plugin.</summary>
    public string Id => id;

    /// <summary>Its version and hash.</summary>
    public StoredVersion Version => version;

    /// <summary>Whether it has come back after all.</summary>
    public bool IsBack { get; set; }
}
