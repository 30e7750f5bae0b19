using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Plugins;

/// <summary>The hashes of first-party packages' files, as the build recorded them beside the executable: <c>SHA-256  id/file</c> in each line.</summary>
public sealed class TrustedFiles
{
    /// <summary>The file's name.</summary>
    public const string FileName = "plugins.sha256";

    private readonly Dictionary<string, string> _hashes = new(StringComparer.Ordinal);

    /// <summary>Trusts the given lines.</summary>
    public TrustedFiles(IEnumerable<string> lines)
    {
        foreach (string line in lines)
            if (line.Split("  ", 2) is [{ Length: 64 } hash, { } name])
                _hashes[name] = hash;
    }

    /// <summary>Reads the file in a folder; trusts nothing where it is absent.</summary>
    public static TrustedFiles Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        return new(File.Exists(path) ? File.ReadLines(path) : []);
    }

    /// <summary>The first file of a package that is not as recorded, or null.</summary>
    internal string? FirstUntrusted(string id, PackageContent content)
    {
        foreach ((string path, string hash) in content.Files)
            if (!_hashes.TryGetValue($"{id}/{path}", out string? expected) || !expected.Equals(hash, StringComparison.OrdinalIgnoreCase))
                return path;
        return null;
    }
}
