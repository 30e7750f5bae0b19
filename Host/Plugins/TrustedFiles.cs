using System.Security.Cryptography;

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
    public string? FirstUntrusted(PluginPackage package)
    {
        foreach (string file in Directory.EnumerateFiles(package.Folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string name = Path.GetRelativePath(package.Folder, file).Replace('\\', '/');
            if (!_hashes.TryGetValue($"{package.Id}/{name}", out string? expected))
                return name;
            using FileStream stream = File.OpenRead(file);
            if (!Convert.ToHexString(SHA256.HashData(stream)).Equals(expected, StringComparison.OrdinalIgnoreCase))
                return name;
        }
        return null;
    }
}
