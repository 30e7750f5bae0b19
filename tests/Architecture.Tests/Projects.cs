using System.Xml.Linq;

namespace Tessera.Architecture.Tests;

/// <summary>The project files of the solution and their references, read as XML.</summary>
internal static class Projects
{
    /// <summary>Every product project below the root: path relative to it, with forward slashes, without the file name.</summary>
    public static IReadOnlyDictionary<string, XDocument> Product { get; } = Find(p => !p.StartsWith("tests/", StringComparison.Ordinal));

    /// <summary>The projects that a project references, as folders relative to the root; build-order references apart.</summary>
    public static IEnumerable<(string Folder, bool BuildOrderOnly)> References(string folder)
    {
        IEnumerable<XElement> own = Product[folder].Descendants("ProjectReference");
        if (folder.StartsWith("plugins/", StringComparison.Ordinal))
            own = own.Concat(XDocument.Load(Path.Combine(Shared.RepositoryRoot, "plugins", "Directory.Build.props")).Descendants("ProjectReference"));
        foreach (XElement reference in own)
        {
            if ((string?)reference.Attribute("Include") is not { } include)
                continue;
            bool order = string.Equals((string?)reference.Attribute("ReferenceOutputAssembly"), "false", StringComparison.OrdinalIgnoreCase);
            string path = include.Replace("$(RepoRoot)", "", StringComparison.Ordinal).Replace('\\', '/');
            string target = include.Contains("$(RepoRoot)", StringComparison.Ordinal) ? path : Relative(Path.Combine(Shared.RepositoryRoot, folder, path));
            yield return (Path.GetDirectoryName(target)!.Replace('\\', '/'), order);
        }
    }

    private static string Relative(string path) => Path.GetRelativePath(Shared.RepositoryRoot, Path.GetFullPath(path)).Replace('\\', '/');

    private static Dictionary<string, XDocument> Find(Func<string, bool> wanted) =>
        Directory.EnumerateFiles(Shared.RepositoryRoot, "*.csproj", SearchOption.AllDirectories)
            .Where(p => !p.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(p => (Folder: Relative(Path.GetDirectoryName(p)!), Path: p))
            .Where(p => wanted(p.Folder))
            .ToDictionary(p => p.Folder, p => XDocument.Load(p.Path));
}
