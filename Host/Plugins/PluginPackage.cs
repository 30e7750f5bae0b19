namespace Tessera.Host.Plugins;

/// <summary>A package's folder: <c>plugins/&lt;id&gt;/</c> with the manifest, the plugin's assembly and its private ones.</summary>
/// <param name="Id">The folder's name.</param>
/// <param name="Folder">The full path.</param>
public sealed record PluginPackage(string Id, string Folder)
{
    private const int MaxManifestBytes = 256 << 10;

    /// <summary>The package with an id in the first folder that has one, or null.</summary>
    public static PluginPackage? TryFind(IReadOnlyList<string> folders, string id) =>
        folders.SelectMany(All).FirstOrDefault(p => p.Id == id);

    /// <summary>The packages in a folder: its subfolders that hold a manifest. Their names count as they are spelled, on every file system.</summary>
    public static IEnumerable<PluginPackage> All(string folder) =>
        !Directory.Exists(folder) ? [] : new DirectoryInfo(folder).EnumerateDirectories()
            .Where(d => PluginManifest.IsId(d.Name) && File.Exists(Path.Combine(d.FullName, PluginManifest.FileName)))
            .OrderBy(d => d.Name, StringComparer.Ordinal)
            .Select(d => new PluginPackage(d.Name, d.FullName));

    /// <summary>Reads the manifest.</summary>
    /// <exception cref="PluginException">It cannot be read or is not one.</exception>
    public PluginManifest ReadManifest()
    {
        string where = $"plugin '{Id}': {PluginManifest.FileName}";
        try
        {
            FileInfo file = new(Path.Combine(Folder, PluginManifest.FileName));
            if (file.Length > MaxManifestBytes)
                throw new PluginException($"{where}: {file.Length} bytes, expected at most {MaxManifestBytes}");
            return PluginManifest.Parse(File.ReadAllBytes(file.FullName), where);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PluginException($"{where}: cannot be read: {e.Message}");
        }
    }

    /// <summary>The error that the package breaks a rule.</summary>
    internal PluginException Refuse(string why) => new($"plugin '{Id}' ({Folder}): {why}");

    /// <summary>The manifest, or null where <see cref="ReadManifest"/> fails.</summary>
    public PluginManifest? TryReadManifest()
    {
        try
        {
            return ReadManifest();
        }
        catch (PluginException)
        {
            return null;
        }
    }
}
