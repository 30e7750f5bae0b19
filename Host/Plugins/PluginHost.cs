using Tessera.Host.Configuration;

namespace Tessera.Host.Plugins;

/// <summary>The loaded plugins, in the order of <c>plugins.load</c>.</summary>
public sealed class PluginHost : IAsyncDisposable
{
    private PluginHost(IReadOnlyList<PluginGeneration> generations) => Generations = generations;

    /// <summary>The active generation of each plugin.</summary>
    public IReadOnlyList<PluginGeneration> Generations { get; }

    /// <summary>Verifies all packages, then loads them.</summary>
    /// <param name="plugins">What to load and from where.</param>
    /// <param name="trusted">The files that need no permission.</param>
    /// <param name="loggers">Forwarded to the plugins.</param>
    /// <exception cref="PluginException">A package is missing or breaks a rule; of those that were verified every failure is in the text. Nothing stays loaded.</exception>
    /// <exception cref="ConfigurationException">An option does not fit its plugin's manifest.</exception>
    public static PluginHost Load(PluginsConfiguration plugins, TrustedFiles trusted, ILoggerFactory loggers)
    {
        List<(PluginPackage Package, PluginManifest Manifest, IReadOnlyDictionary<string, string> Options)> verified = Verify(plugins, trusted);
        PluginActivator activator = new(loggers);
        ILogger logger = loggers.CreateLogger<PluginHost>();
        List<PluginGeneration> generations = [];
        try
        {
            foreach ((PluginPackage package, PluginManifest manifest, IReadOnlyDictionary<string, string> options) in verified)
            {
                generations.Add(activator.Activate(package, manifest, options));
                logger.LogInformation("plugin '{Id}' {Version} loaded from {Folder}", manifest.Id, manifest.Version, package.Folder);
            }
        }
        catch (PluginException)
        {
            generations.ForEach(g => g.Retire());
            throw;
        }
        return new(generations);
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

    private static List<(PluginPackage, PluginManifest, IReadOnlyDictionary<string, string>)> Verify(PluginsConfiguration plugins, TrustedFiles trusted)
    {
        PluginVerifier verifier = new(trusted, plugins.AllowUnsigned);
        List<(PluginPackage, PluginManifest, IReadOnlyDictionary<string, string>)> verified = [];
        Dictionary<ProvidedContract, string> providers = [];
        List<string> failures = [];
        ConfigurationErrors errors = new();
        foreach (string id in plugins.Load)
            try
            {
                if (verified.Any(v => v.Item1.Id == id))
                    throw new PluginException($"plugin '{id}' stands in plugins.load twice");
                PluginPackage package = PluginPackage.TryFind(plugins.Folders, id) ?? throw new PluginException(Missing(plugins, id));
                PluginManifest manifest = verifier.Verify(package);
                foreach (ProvidedContract contract in manifest.Provides.Where(ProvidedContracts.IsUnique))
                    if (!providers.TryAdd(contract, id))
                        throw new PluginException($"plugins '{providers[contract]}' and '{id}' both provide {contract.Kind} '{contract.Name}'; load one of them");
                verified.Add((package, manifest, PluginOptions.Bind(manifest, plugins, errors)));
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

    private static string Missing(PluginsConfiguration plugins, string id)
    {
        string[] there = [.. plugins.Folders.SelectMany(PluginPackage.All).Select(p => p.Id).Distinct(StringComparer.Ordinal)];
        return $"plugin '{id}' (plugins.load) is not there: looked in {string.Join(" and ", plugins.Folders)}, which hold{(plugins.Folders.Count == 1 ? "s" : "")} "
            + (there.Length == 0 ? "no plugin" : string.Join(", ", there)) + Suggestion.For(id, there);
    }
}
