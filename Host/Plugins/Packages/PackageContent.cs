using System.Security.Cryptography;
using System.Text;

namespace Tessera.Host.Plugins.Packages;

/// <summary>Every file of a package's folder with its SHA-256, and one hash over all of them: what tells two builds of one version apart.</summary>
internal sealed class PackageContent
{
    /// <summary>The most files of a package.</summary>
    public const int MaxFiles = 4096;

    /// <summary>The most bytes of a package.</summary>
    public const long MaxBytes = 1L << 30;

    private PackageContent(SortedDictionary<string, string> files) => Files = files;

    /// <summary>Hashes in lower-case hexadecimal by path; folders are divided by slashes.</summary>
    public IReadOnlyDictionary<string, string> Files { get; }

    /// <summary>The hash over the lines <c>hash  path</c>, ordered by path.</summary>
    public string Hash => field ??= Hex(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(Files.Select(f => $"{f.Value}  {f.Key}\n")))));

    /// <summary>Reads a folder.</summary>
    /// <exception cref="PluginException">It is too large, holds a link, or cannot be read.</exception>
    public static PackageContent Read(PluginPackage package)
    {
        SortedDictionary<string, string> files = new(StringComparer.Ordinal);
        long bytes = 0;
        try
        {
            foreach (FileSystemInfo entry in new DirectoryInfo(package.Folder).EnumerateFileSystemInfos("*", SearchOption.AllDirectories))
            {
                string path = Path.GetRelativePath(package.Folder, entry.FullName).Replace('\\', '/');
                if (entry.LinkTarget is not null)
                    throw package.Refuse($"'{path}' is a link; a package holds plain files");
                if (entry is not FileInfo file)
                    continue;
                bytes += file.Length;
                if (files.Count == MaxFiles || bytes > MaxBytes)
                    throw package.Refuse($"more than {MaxFiles} files or {MaxBytes >> 20} MB");
                using FileStream stream = file.OpenRead();
                files.Add(path, Hex(SHA256.HashData(stream)));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw package.Refuse($"cannot be read: {e.Message}");
        }
        return new PackageContent(files);
    }

    /// <summary>The first file that is not as the manifest's own list says, as a sentence, or null.</summary>
    /// <param name="listed">The manifest's hashes: every file but the manifest and its signature.</param>
    public string? Difference(IReadOnlyDictionary<string, string> listed)
    {
        foreach ((string path, string hash) in Files)
            if (path is PluginManifest.FileName or PackageSignature.FileName)
                continue;
            else if (!listed.TryGetValue(path, out string? expected))
                return $"files: '{path}' is not in the manifest's list";
            else if (!expected.Equals(hash, StringComparison.OrdinalIgnoreCase))
                return $"files: '{path}' has SHA-256 {hash}, the manifest says {expected}";
        return listed.Keys.Order(StringComparer.Ordinal).FirstOrDefault(p => !Files.ContainsKey(p)) is { } missing ? $"files: '{missing}' is missing" : null;
    }

    private static string Hex(byte[] hash) => Convert.ToHexStringLower(hash);
}
