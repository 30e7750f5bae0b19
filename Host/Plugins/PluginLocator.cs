using Tessera.Host.Configuration;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Plugins;

/// <summary>A package that may be loaded.</summary>
/// <param name="Package">Its folder.</param>
/// <param name="Manifest">Its manifest.</param>
/// <param name="Content">Its files.</param>
/// <param name="Voucher">Who vouches for it, for people.</param>
internal sealed record VerifiedPackage(PluginPackage Package, PluginManifest Manifest, PackageContent Content, string Voucher)
{
    /// <summary>The version and hash that the store would know it by.</summary>
    public StoredVersion Version => new(Manifest.Version, Content.Hash);
}

/// <summary>
/// Which package of a plugin is loaded: the one that the store says is active, else the one in <c>plugins.folder</c>. Of the latter, those that the build recorded are part of the program and are loaded where they are; any other is
/// somebody's to edit, so the store takes a copy, and that is loaded.
/// </summary>
internal sealed class PluginLocator(PluginsConfiguration plugins, TrustedFiles build)
{
    private readonly PluginVerifier _verifier = new(new PackageTrust(build, plugins));

    /// <summary>The store.</summary>
    public PluginStore Store { get; } = new(plugins.Store);

    /// <summary>The ids to load: those of the configuration, then those that were added while serving.</summary>
    public IReadOnlyList<string> Ids()
    {
        StoreState state = Store.Read();
        return [.. plugins.Load, .. state.Plugins.Where(p => p.Value.Active is not null && !plugins.Load.Contains(p.Key)).Select(p => p.Key)];
    }

    /// <summary>The package of a plugin, verified.</summary>
    /// <exception cref="PluginException">It is missing or breaks a rule.</exception>
    public VerifiedPackage Locate(string id) =>
        Store.Read().Of(id).Active is { } active ? Stored(Store.At(id, active)) : Bundled(id);

    /// <summary>A package of the store, verified.</summary>
    /// <exception cref="PluginException">It is missing, was changed or breaks a rule.</exception>
    public VerifiedPackage Stored(StoredPackage stored)
    {
        if (!Directory.Exists(stored.Package.Folder))
            throw new PluginException($"plugin '{stored.Id}': {stored.Package.Folder} is not there; `tessera plugins rollback {stored.Id}` goes back to the version before");
        PackageContent content = PackageContent.Read(stored.Package);
        if (content.Hash != stored.Version.Hash)
            throw stored.Package.Refuse($"was changed after it was installed: its hash is {content.Hash}. Remove and install it again");
        return Verify(stored.Package, content);
    }

    /// <summary>Takes a package into the store.</summary>
    /// <exception cref="PluginException">It is refused.</exception>
    public StoredPackage Install(string path) => Store.Install(path, (package, content) => _verifier.Verify(package, content, out _));

    /// <summary>The options of a plugin as the configuration sets them.</summary>
    /// <exception cref="ConfigurationException">One does not fit the manifest.</exception>
    public BoundOptions Options(PluginManifest manifest) => PluginHost.Options(manifest, plugins);

    /// <summary>Checks a package where it is.</summary>
    /// <exception cref="PluginException">It is refused.</exception>
    public VerifiedPackage Verify(PluginPackage package) => Verify(package, PackageContent.Read(package));

    /// <summary>As <see cref="Bundled"/>, or null for a plugin that the configuration does not name.</summary>
    public VerifiedPackage? BundledOrNone(string id) => plugins.Load.Contains(id) ? Bundled(id) : null;

    /// <summary>The package of <c>plugins.folder</c>.</summary>
    /// <exception cref="PluginException">It is missing or breaks a rule.</exception>
    public VerifiedPackage Bundled(string id)
    {
        PluginPackage package = PluginPackage.TryFind(plugins.Folders, id) ?? throw new PluginException(Missing(id));
        PackageContent content = PackageContent.Read(package);
        VerifiedPackage verified = Verify(package, content);
        return build.FirstUntrusted(id, content) is null ? verified : Stored(Install(package.Folder));
    }

    private VerifiedPackage Verify(PluginPackage package, PackageContent content) =>
        new(package, _verifier.Verify(package, content, out string voucher), content, voucher);

    private string Missing(string id)
    {
        string[] there = [.. plugins.Folders.SelectMany(PluginPackage.All).Select(p => p.Id).Distinct(StringComparer.Ordinal)];
        return $"plugin '{id}' (plugins.load) is not there: looked in {string.Join(" and ", plugins.Folders)}, which hold{(plugins.Folders.Count == 1 ? "s" : "")} "
            + (there.Length == 0 ? "no plugin" : string.Join(", ", there)) + Suggestion.For(id, there);
    }
}
