using Tessera.Host.Configuration;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Plugins;

/// <summary>The loaded plugins, in the order of <c>plugins.load</c>.</summary>
public sealed class PluginHost : IAsyncDisposable
{
    private readonly PluginsConfiguration _plugins;
    private readonly PluginActivator _activator;
    private readonly ILogger _logger;
    private readonly List<PluginGeneration> _retired = [];
    private volatile IReadOnlyList<PluginGeneration> _generations = [];

    private PluginHost(PluginsConfiguration plugins, TrustedFiles trusted, ILoggerFactory loggers)
    {
        _plugins = plugins;
        _activator = new PluginActivator(loggers);
        _logger = loggers.CreateLogger<PluginHost>();
        Locator = new PluginLocator(plugins, trusted);
    }

    /// <summary>The generation of each plugin that new compositions take.</summary>
    public IReadOnlyList<PluginGeneration> Generations => _generations;

    /// <summary>Finds and verifies packages.</summary>
    internal PluginLocator Locator { get; }

    /// <summary>Verifies all packages, then loads them.</summary>
    /// <param name="plugins">What to load and from where.</param>
    /// <param name="trusted">The files that need no permission.</param>
    /// <param name="loggers">Forwarded to the plugins.</param>
    /// <exception cref="PluginException">A package is missing or breaks a rule; of those that were verified every failure is in the text. Nothing stays loaded.</exception>
    /// <exception cref="ConfigurationException">An option does not fit its plugin's manifest.</exception>
    public static PluginHost Load(PluginsConfiguration plugins, TrustedFiles trusted, ILoggerFactory loggers)
    {
        PluginHost host = new(plugins, trusted, loggers);
        host.ForgetUnfinished();
        List<PluginGeneration> generations = [];
        try
        {
            foreach ((VerifiedPackage package, IReadOnlyDictionary<string, string> options) in host.Verify())
                generations.Add(host.Load(package, options));
        }
        catch (PluginException)
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
        await Task.WhenAll(Generations.Select(g => g.Unloaded)).ConfigureAwait(false);
    }

    /// <summary>A host that was killed while it switched starts on what was in use before.</summary>
    private void ForgetUnfinished()
    {
        foreach ((string id, PluginRecord record) in Locator.Store.Read().Plugins)
            if (record.Pending is { } pending)
            {
                _logger.LogWarning("plugin '{Id}': {Pending} was being put in use when a host ended; {Active} stays in use", id, pending, record.Active?.ToString() ?? "the package of plugins.folder");
                Locator.Store.Update(id, r => r.Try(null));
            }
    }

    /// <summary>The generations that were replaced and are not collected yet.</summary>
    public IReadOnlyList<PluginGeneration> Retired
    {
        get
        {
            lock (_retired)
                return [.. _retired];
        }
    }

    /// <summary>Loads a package beside what is loaded; nothing takes it until <see cref="Replace"/>.</summary>
    /// <exception cref="PluginException">It is refused or cannot be loaded; nothing stays loaded.</exception>
    internal PluginGeneration Load(VerifiedPackage package)
    {
        foreach (PluginGeneration other in Generations.Where(g => g.Id != package.Manifest.Id))
            if (other.Provides.Intersect(package.Manifest.Provides).FirstOrDefault(ProvidedContracts.IsUnique) is { } twice)
                throw package.Package.Refuse($"plugin '{other.Id}' provides {twice.Kind} '{twice.Name}' already");
        return Load(package, Locator.Options(package.Manifest));
    }

    /// <summary>From now on new compositions take this generation of a plugin.</summary>
    /// <param name="id">The plugin.</param>
    /// <param name="next">The generation; null: the plugin is gone.</param>
    /// <returns>The generation that it replaces, still active; null: there was none.</returns>
    internal PluginGeneration? Replace(string id, PluginGeneration? next)
    {
        IReadOnlyList<PluginGeneration> before = _generations;
        PluginGeneration? old = before.FirstOrDefault(g => g.Id == id);
        _generations = old is null ? (next is null ? before : [.. before, next])
            : [.. before.Select(g => g == old ? next : g).OfType<PluginGeneration>()];
        return old;
    }

    /// <summary>Retires a generation that nothing new takes, and watches until it is gone.</summary>
    internal async Task RetireAsync(PluginGeneration generation)
    {
        lock (_retired)
            _retired.Add(generation);
        generation.Retire();
        if (await generation.CollectedAsync(TimeProvider.System).ConfigureAwait(false))
            lock (_retired)
                _retired.Remove(generation);
    }

    private PluginGeneration Load(VerifiedPackage package, IReadOnlyDictionary<string, string> options)
    {
        PluginGeneration generation = _activator.Activate(package, options);
        _logger.LogInformation("plugin '{Id}' {Version} loaded from {Folder}, {Voucher}", generation.Id, generation.Version, package.Package.Folder, package.Voucher);
        return generation;
    }

    private List<(VerifiedPackage, IReadOnlyDictionary<string, string>)> Verify()
    {
        List<(VerifiedPackage Package, IReadOnlyDictionary<string, string>)> verified = [];
        Dictionary<ProvidedContract, string> providers = [];
        List<string> failures = [];
        ConfigurationErrors errors = new();
        foreach (string id in Locator.Ids())
            try
            {
                if (verified.Any(v => v.Package.Manifest.Id == id))
                    throw new PluginException($"plugin '{id}' stands in plugins.load twice");
                VerifiedPackage package = Locator.Locate(id);
                foreach (ProvidedContract contract in package.Manifest.Provides.Where(ProvidedContracts.IsUnique))
                    if (!providers.TryAdd(contract, id))
                        throw new PluginException($"plugins '{providers[contract]}' and '{id}' both provide {contract.Kind} '{contract.Name}'; load one of them");
                verified.Add((package, PluginOptions.Bind(package.Manifest, _plugins, errors)));
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
