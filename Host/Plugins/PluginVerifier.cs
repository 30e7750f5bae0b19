using System.Globalization;
using System.Text.RegularExpressions;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Plugins;

/// <summary>Checks a package before any code of it runs.</summary>
internal sealed partial class PluginVerifier(PackageTrust trust)
{
    /// <summary>Checks the manifest, what it asks of the machine, the assemblies' metadata, the files' hashes and who vouches for them.</summary>
    /// <exception cref="PluginException">A rule is broken; the text names the plugin, what was expected and what was found.</exception>
    public PluginManifest Verify(PluginPackage package) => Verify(package, PackageContent.Read(package), out _);

    /// <summary>As <see cref="Verify(PluginPackage)"/>, of content that is known already.</summary>
    /// <param name="package">The package.</param>
    /// <param name="content">Its files.</param>
    /// <param name="voucher">Who vouches for it, for people.</param>
    public PluginManifest Verify(PluginPackage package, PackageContent content, out string voucher)
    {
        PluginManifest manifest = package.ReadManifest();
        if (manifest.Schema != 1)
            throw package.Refuse($"schema: expected 1, found {manifest.Schema}; take a version of the plugin that was packed for this host");
        if (manifest.Id != package.Id)
            throw package.Refuse($"id: expected the folder's name '{package.Id}', found '{manifest.Id}'");
        if (!SemanticVersion().IsMatch(manifest.Version))
            throw package.Refuse($"version: expected a semantic version such as 1.2.3, found '{manifest.Version}'");
        if (manifest.EntryType.Length == 0)
            throw package.Refuse("entryType: expected a type's full name, found an empty text");
        if (PluginOptions.Problems(manifest).FirstOrDefault() is { } problem)
            throw package.Refuse(problem);
        if (ProvidedContracts.Problems(manifest).FirstOrDefault() is { } unknown)
            throw package.Refuse(unknown);
        if (manifest.Requires?.Unmet() is { } unmet)
            throw package.Refuse(unmet);
        if (manifest.DrainSeconds is < 0 or > 86_400)
            throw package.Refuse($"drainSeconds: expected 0 to 86400, found {manifest.DrainSeconds}");
        RequireContract(package, "contract", manifest.Contract);
        RequireAssemblies(package, manifest);
        voucher = trust.Require(package, manifest, content);
        return manifest;
    }

    /// <summary>Whether a plugin for one contract version runs with ours: the same major and no newer minor; with major 0 the same minor.</summary>
    public static bool IsCompatible(int major, int minor, int ourMajor, int ourMinor) =>
        major == ourMajor && (major == 0 ? minor == ourMinor : minor <= ourMinor);

    private static void RequireContract(PluginPackage package, string what, string version)
    {
        string[] parts = version.Split('.');
        if (parts.Length != 2 || !Number(parts[0], out int major) || !Number(parts[1], out int minor))
            throw package.Refuse($"{what}: expected major.minor, found '{version}'");
        if (!IsCompatible(major, minor, PluginContract.Major, PluginContract.Minor))
            throw package.Refuse($"{what}: built for contract {version}, this host has {PluginContract.Version}; take a version of the plugin that was built for it, or build it with that Tessera.Abstractions");
    }

    private static void RequireAssemblies(PluginPackage package, PluginManifest manifest)
    {
        if (Path.GetFileName(manifest.EntryAssembly) != manifest.EntryAssembly || !manifest.EntryAssembly.EndsWith(".dll", StringComparison.Ordinal))
            throw package.Refuse($"entryAssembly: expected the name of a .dll in the package, found '{manifest.EntryAssembly}'");
        string entry = Path.Combine(package.Folder, manifest.EntryAssembly);
        if (!File.Exists(entry))
            throw package.Refuse($"entryAssembly: no file {entry}; pack the whole output of the build");
        foreach (string path in Directory.EnumerateFiles(package.Folder, "*.dll", SearchOption.AllDirectories))
        {
            AssemblyFile? assembly = ReadAssembly(package, path);
            if (SharedAssemblies.IsShared(assembly?.Name ?? "") || SharedAssemblies.IsShared(Path.GetFileNameWithoutExtension(path)))
                throw package.Refuse($"'{Path.GetFileName(path)}' is shared with the host; a package must not bring a copy of it: reference it with ExcludeAssets=\"runtime\", and pack the output anew");
            if (path != entry)
                continue;
            if (assembly?.Contract is not { } contract)
                throw package.Refuse($"'{manifest.EntryAssembly}' has no [assembly: PluginContract(\"{PluginContract.Version}\")]; add it, or name the assembly that has it");
            RequireContract(package, manifest.EntryAssembly, contract);
            if (contract != manifest.Contract)
                throw package.Refuse($"contract: the manifest says {manifest.Contract}, '{manifest.EntryAssembly}' says {contract}; correct the one that is wrong");
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
            throw package.Refuse($"'{Path.GetFileName(path)}' is no assembly: {e.Message}; build or download the package anew");
        }
    }

    private static bool Number(string text, out int value) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);


    [GeneratedRegex(@"^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(-[0-9A-Za-z.-]{1,64})?(\+[0-9A-Za-z.-]{1,64})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex SemanticVersion();
}
