using System.Diagnostics;

namespace Tessera.Architecture.Tests;

public sealed class RunFolderTests
{
    /// <summary>The README's commands name files from the repository's root: the web SDK would run the host in its own folder.</summary>
    [Fact]
    public void The_host_runs_in_the_folder_that_it_was_called_in()
    {
        ProcessStartInfo start = new("dotnet", ["msbuild", Path.Combine("Host", "Host.csproj"), "-getProperty:RunWorkingDirectory"]) { WorkingDirectory = Shared.RepositoryRoot, RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string folder = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        Assert.Equal(Path.TrimEndingDirectorySeparator(Shared.RepositoryRoot), Path.TrimEndingDirectorySeparator(folder));
    }
}
