using System.Globalization;
using System.Text.RegularExpressions;

namespace Tessera.Host.Plugins;

/// <summary>Checks a package before any code of it runs.</summary>
internal sealed partial class PluginVerifier(TrustedFiles trusted, bool allowUnsigned)
{
    /// <summary>Checks the manifest, the assemblies' metadata and the files' hashes.</summary>
    /// <exception cref="PluginException">A rule is broken; the text names the plugin, what was expected and what was found.</exception>
    public PluginManifest Verify(PluginPackage package)
    {
        PluginManifest manifest = package.ReadManifest();
        if (manifest.Schema != 1)
            throw Refuse(package, $"schema: expected 1, found {manifest.Schema}");
        if (manifest.Id != package.Id)
            throw Refuse(package, $"id: expected the folder's name '{package.Id}', found '{manifest.Id}'");
        if (!SemanticVersion().IsMatch(manifest.Version))
            throw Refuse(package, $"version: expected a semantic version such as 1.2.3, found '{manifest.Version}'");
        if (manifest.EntryType.Length == 0)
            throw Refuse(package, "entryType: expected a type's full name, found an empty text");
        if (PluginOptions.Problems(manifest).FirstOrDefault() is { } problem)
            throw Refuse(package, problem);
        if (ProvidedContracts.Problems(manifest).FirstOrDefault() is { } unknown)
            throw Refuse(package, unknown);
        RequireContract(package, "contract", manifest.Contract);
        RequireAssemblies(package, manifest);
        if (!allowUnsigned && trusted.FirstUntrusted(package) is { } file)
            throw Refuse(package, $"file '{file}' is not as the build recorded it in {TrustedFiles.FileName}; plugins.allowUnsigned: true loads packages from elsewhere");
        return manifest;
    }

    /// <summary>Whether a plugin for one contract version runs with ours: the same major and no newer minor; with major 0 the same minor.</summary>
    public static bool IsCompatible(int major, int minor, int ourMajor, int ourMinor) =>
        major == ourMajor && (major == 0 ? minor == ourMinor : minor <= ourMinor);

    private static void RequireContract(PluginPackage package, string what, string version)
    {
        string[] parts = version.Split('.');
        if (parts.Length != 2 || !Number(parts[0], out int major) || !Number(parts[1], out int minor))
            throw Refuse(package, $"{what}: expected major.minor, found '{version}'");
        if (!IsCompatible(major, minor, PluginContract.Major, PluginContract.Minor))
            throw Refuse(package, $"{what}: built for contract {version}, this host has {PluginContract.Version}");
    }

    private static void RequireAssemblies(PluginPackage package, PluginManifest manifest)
    {
        if (Path.GetFileName(manifest.EntryAssembly) != manifest.EntryAssembly || !manifest.EntryAssembly.EndsWith(".dll", StringComparison.Ordinal))
            throw Refuse(package, $"entryAssembly: expected the name of a .dll in the package, found '{manifest.EntryAssembly}'");
        string entry = Path.Combine(package.Folder, manifest.EntryAssembly);
        if (!File.Exists(entry))
            throw Refuse(package, $"entryAssembly: no file {entry}");
        foreach (string path in Directory.EnumerateFiles(package.Folder, "*.dll", SearchOption.AllDirectories))
        {
            AssemblyFile? assembly = ReadAssembly(package, path);
            if (SharedAssemblies.IsShared(assembly?.Name ?? "") || SharedAssemblies.IsShared(Path.GetFileNameWithoutExtension(path)))
                throw Refuse(package, $"'{Path.GetFileName(path)}' is shared with the host; a package must not bring a copy of it");
            if (path != entry)
                continue;
            if (assembly?.Contract is not { } contract)
                throw Refuse(package, $"'{manifest.EntryAssembly}' has no [assembly: PluginContract(\"{PluginContract.Version}\")]");
            RequireContract(package, manifest.EntryAssembly, contract);
            if (contract != manifest.Contract)
                throw Refuse(package, $"contract: the manifest says {manifest.Contract}, '{manifest.EntryAssembly}' says {contract}");
        }
    }

    private static AssemblyFile? ReadAssembly(PluginPackage package, string path)
    {
        try
        {
            return AssemblyFile.Read(path);
        }
        catch (Exception e) when (e is BadImageFormatException or IOException or UnauthorizedAccessException)
        {
            throw Refuse(package, $"'{Path.GetFileName(path)}' is no assembly: {e.Message}");
        }
    }

    private static bool Number(string text, out int value) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    private static PluginException Refuse(PluginPackage package, string why) => new($"plugin '{package.Id}' ({package.Folder}): {why}");

    [GeneratedRegex(@"^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(-[0-9A-Za-z.-]{1,64})?(\+[0-9A-Za-z.-]{1,64})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex SemanticVersion();
}
