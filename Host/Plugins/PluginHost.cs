using Tessera.Host.Configuration;

namespace Tessera.Host.Plugins;

/// <summary>The loaded plugins, in the order of <c>plugins.load</c>.</summary>
public sealed class PluginHost : IAsyncDisposable
{
    private readonly PluginsConfiguration _plugins;
    private readonly PluginActivator _activator;
    private readonly ILogger _logger;
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

    private PluginGeneration Load(VerifiedPackage package, IReadOnlyDictionary<string, string> options)
    {
        PluginGeneration generation = _activator.Activate(package.Package, package.Manifest, options);
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
