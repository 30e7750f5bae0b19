namespace Tessera.Acceptance.Tests.Stack;

/// <summary>Where the host was built, in this build's configuration: the executable and the packages of the plugins.</summary>
internal static class HostFolder
{
    public static string Path { get; } = Find();

    public static string Executable => System.IO.Path.Combine(Path, OperatingSystem.IsWindows() ? "tessera.exe" : "tessera");

    /// <summary>The tests' own folder ends with the configuration and the framework, as the host's does.</summary>
    private static string Find()
    {
        DirectoryInfo framework = new(System.IO.Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        string path = System.IO.Path.Combine(Shared.RepositoryRoot, "Host", "bin", framework.Parent!.Name, framework.Name);
        return Directory.Exists(path) ? path : throw new DirectoryNotFoundException($"{path}: the host has not been built");
    }
}
