using Tessera.Conformance.Checks;

namespace Tessera.Host.Plugins;

/// <summary>What one plugin registered, by contract. Dropped with the generation: nothing outside a lease may keep it.</summary>
internal sealed class ProvidedContracts
{
    /// <summary>Every contract that a plugin can provide, by the name that manifests use, with the names by which its objects are found; null where they have none.</summary>
    private static readonly (string Kind, Type Type, Func<ProvidedContracts, IEnumerable<string>>? Names)[] Kinds =
    [
        (nameof(IWeightFormat), typeof(IWeightFormat), c => c.Formats.Select(f => f.Name)),
        (nameof(IWeightWriter), typeof(IWeightWriter), c => c.Writers.Select(w => w.Name)),
        (nameof(IQuantization), typeof(IQuantization), c => c.Quantizations.Select(q => q.Id)),
        (nameof(IKernelBackend), typeof(IKernelBackend), c => c.Backends.Select(b => b.Name)),
        (nameof(IModelArchitecture), typeof(IModelArchitecture), c => c.Architectures.SelectMany(a => a.Names)),
        (nameof(ITokenizerFactory), typeof(ITokenizerFactory), null),
        (nameof(IDecodingStrategy), typeof(IDecodingStrategy), null),
        (nameof(ITileSource), typeof(ITileSource), null),
    ];

    private readonly IServiceProvider _services;

    public ProvidedContracts(IServiceProvider services, IServiceCollection registered, PluginManifest manifest)
    {
        _services = services;
        Formats = [.. services.GetServices<IWeightFormat>()];
        Writers = [.. services.GetServices<IWeightWriter>()];
        Quantizations = [.. services.GetServices<IQuantization>()];
        Backends = [.. services.GetServices<IKernelBackend>()];
        Architectures = [.. services.GetServices<IModelArchitecture>()];
        TokenizerFactories = [.. services.GetServices<ITokenizerFactory>()];
        Tiles = [.. services.GetServices<ITileSource>()];
        foreach ((string kind, Type type, Func<ProvidedContracts, IEnumerable<string>>? names) in Kinds)
            Compare(manifest, kind, registered.Any(s => s.ServiceType == type), names?.Invoke(this));
    }

    public IReadOnlyList<IWeightFormat> Formats { get; }

    public IReadOnlyList<IWeightWriter> Writers { get; }

    public IReadOnlyList<IQuantization> Quantizations { get; }

    public IReadOnlyList<IKernelBackend> Backends { get; }

    public IReadOnlyList<IModelArchitecture> Architectures { get; }

    public IReadOnlyList<ITokenizerFactory> TokenizerFactories { get; }

    public IReadOnlyList<ITileSource> Tiles { get; }

    /// <summary>A decoding strategy, or null; each composition asks for its own.</summary>
    public IDecodingStrategy? CreateStrategy() => _services.GetService<IDecodingStrategy>();

    /// <summary>The same for the plugin's checks.</summary>
    /// <param name="provides">What its manifest says.</param>
    public PluginParts Parts(IEnumerable<ProvidedContract> provides) =>
        PluginParts.From(_services, provides.Where(p => p.Kind == nameof(ITokenizerFactory)).Select(p => p.Name));

    /// <summary>What a manifest's own list gets wrong.</summary>
    public static IEnumerable<string> Problems(PluginManifest manifest)
    {
        HashSet<ProvidedContract> seen = [];
        foreach (ProvidedContract contract in manifest.Provides)
            if (Kinds.All(k => k.Kind != contract.Kind))
                yield return $"provides: unknown kind '{contract.Kind}'; expected {string.Join(", ", Kinds.Select(k => k.Kind))}";
            else if (!seen.Add(contract))
                yield return $"provides: {contract.Kind} '{contract.Name}' stands there twice";
    }

    /// <summary>Whether two plugins that provide this under one name would contradict each other.</summary>
    public static bool IsUnique(ProvidedContract contract) => Kinds.Any(k => k.Kind == contract.Kind && k.Names is not null);

    private static void Compare(PluginManifest manifest, string kind, bool registered, IEnumerable<string>? names)
    {
        string[] said = [.. manifest.Provides.Where(p => p.Kind == kind).Select(p => p.Name).Order(StringComparer.Ordinal)];
        if (names is null ? registered == said.Length > 0 : names.Order(StringComparer.Ordinal).SequenceEqual(said))
            return;
        string found = names is null ? (registered ? "some" : "none") : $"[{string.Join(", ", names.Order(StringComparer.Ordinal))}]";
        throw new PluginException($"plugin '{manifest.Id}': provides: the manifest says {kind} [{string.Join(", ", said)}], the plugin registered {found}");
    }
}
