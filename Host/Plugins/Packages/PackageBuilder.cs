using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tessera.Host.Plugins.Packages;

/// <summary>Makes a <c>.tpk</c> of a plugin's output folder: the manifest gets the hash of every file, and a signature where there is a key.</summary>
internal static class PackageBuilder
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true };

    /// <summary>Packs a folder.</summary>
    /// <param name="folder">The plugin's output with its <c>plugin.json</c>; it is not changed.</param>
    /// <param name="target">The archive's path; null: <c>id-version.tpk</c> in the current folder.</param>
    /// <param name="publisher">Whose signature it is, or null.</param>
    /// <param name="key">The publisher's private key, or null.</param>
    /// <param name="verify">Checks the finished package.</param>
    /// <returns>The archive's path and the package.</returns>
    /// <exception cref="PluginException">The folder is no package.</exception>
    public static (string Path, VerifiedPackage Package) Pack(string folder, string? target, string? publisher, ECDsa? key, Func<PluginPackage, VerifiedPackage> verify)
    {
        if (!Directory.Exists(folder))
            throw new PluginException($"{folder}: no such folder; expected a plugin's output with its {PluginManifest.FileName}");
        string stage = Directory.CreateTempSubdirectory("tessera-pack-").FullName;
        try
        {
            PackageFiles.Copy(folder, stage);
            File.Delete(Path.Combine(stage, PackageSignature.FileName));
            PluginManifest manifest = new PluginPackage(Path.GetFileName(Path.GetFullPath(folder)), stage).ReadManifest();
            PluginPackage package = new(manifest.Id, stage);
            byte[] bytes = Complete(package, publisher);
            File.WriteAllBytes(Path.Combine(stage, PluginManifest.FileName), bytes);
            if (key is not null)
                File.WriteAllText(Path.Combine(stage, PackageSignature.FileName), PackageSignature.Sign(bytes, key));
            VerifiedPackage verified = verify(package);
            string path = Path.GetFullPath(target ?? $"{manifest.Id}-{manifest.Version}{PackageArchive.Extension}");
            PackageArchive.Create(package, verified.Content, path);
            return (path, verified);
        }
        finally
        {
            PackageFiles.Delete(stage);
        }
    }

    /// <summary>The manifest with the package's files in it.</summary>
    private static byte[] Complete(PluginPackage package, string? publisher)
    {
        JsonObject manifest = JsonNode.Parse(File.ReadAllBytes(Path.Combine(package.Folder, PluginManifest.FileName)))!.AsObject();
        JsonObject files = [];
        foreach ((string path, string hash) in PackageContent.Read(package).Files)
            if (path != PluginManifest.FileName)
                files.Add(path, JsonValue.Create(hash));
        manifest["files"] = files;
        if (publisher is not null)
            manifest["publisher"] = JsonValue.Create(publisher);
        return JsonSerializer.SerializeToUtf8Bytes(manifest, Readable);
    }
}
