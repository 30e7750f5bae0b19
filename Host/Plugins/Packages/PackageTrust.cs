using Tessera.Host.Configuration;

namespace Tessera.Host.Plugins.Packages;

/// <summary>Whose packages are loaded: those that the build recorded, those that a trusted publisher signed, those that the configuration names by their hash, and with <c>plugins.allowUnsigned</c> all that are not revoked or broken.</summary>
internal sealed class PackageTrust(TrustedFiles build, PluginsConfiguration plugins)
{
    /// <summary>Refuses a package that nobody vouches for.</summary>
    /// <returns>Who does, for people.</returns>
    /// <exception cref="PluginException">Nobody does, or a hash or signature is wrong; the text says what to do.</exception>
    public string Require(PluginPackage package, PluginManifest manifest, PackageContent content)
    {
        if (plugins.Revoked.Contains(content.Hash))
            throw package.Refuse($"{content.Hash} is revoked (plugins.revoked); take another version");
        if (manifest.Files is { } listed && content.Difference(listed) is { } difference)
            throw package.Refuse($"{difference}; it was changed after it was packed: get it again, or pack it anew");
        if (build.FirstUntrusted(package.Id, content) is not { } file)
            return "recorded by the build";
        if (Unsigned(package, manifest) is not { } why)
            return $"signed by {manifest.Publisher}";
        if (plugins.Trusted.Contains(content.Hash))
            return "named in plugins.trusted";
        if (plugins.AllowUnsigned)
            return "unsigned (plugins.allowUnsigned)";
        throw package.Refuse($"file '{file}' is not as the build recorded it in {TrustedFiles.FileName}, and {why}. "
            + $"To load the package: have it signed by a publisher in plugins.publishers, name its hash {content.Hash} in plugins.trusted, or set plugins.allowUnsigned: true");
    }

    /// <summary>Why no publisher vouches for the package, or null where one does.</summary>
    private string? Unsigned(PluginPackage package, PluginManifest manifest)
    {
        if (PackageSignature.Read(package) is not { } signature)
            return "the package is not signed";
        if (manifest.Publisher is not { } publisher)
            return "it is signed, but publisher: names nobody";
        if (manifest.Files is null)
            return "it is signed, but files: lists no hashes, so that the signature covers the manifest only";
        if (!plugins.Publishers.TryGetValue(publisher, out byte[]? key))
            return $"publisher '{publisher}' is not in plugins.publishers";
        if (!PackageSignature.Verify(File.ReadAllBytes(Path.Combine(package.Folder, PluginManifest.FileName)), signature, key))
            throw package.Refuse($"the signature is not that of publisher '{publisher}' (plugins.publishers) over this {PluginManifest.FileName}; get the package from its publisher again, or correct the key");
        return null;
    }
}
