using Xunit;

namespace Tessera.TestSupport;

/// <summary>Finds the project's shared reference data; a test that needs it skips, with a reason, where it is absent.</summary>
public static class Shared
{
    /// <summary>The repository's root: the nearest folder above the test's binaries that holds the solution.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    private static string Root { get; } = Path.GetFullPath(Path.Combine(RepositoryRoot, "..", "shared"));

    /// <summary>True when the shared reference data stands beside the repository.</summary>
    public static bool IsPresent => Directory.Exists(Root);

    /// <summary>The full path of a file or folder of the reference data; skips the running test where it is absent.</summary>
    public static string Require(params string[] parts)
    {
        string path = Path.Combine([Root, .. parts]);
        if (!File.Exists(path) && !Directory.Exists(path))
            Assert.Skip($"fixture: {string.Join('/', parts)} is not here (looked beside the repository)");
        return path;
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Tessera.slnx")))
                return folder.FullName;
        throw new DirectoryNotFoundException($"Tessera.slnx: not found above {AppContext.BaseDirectory}");
    }
}
