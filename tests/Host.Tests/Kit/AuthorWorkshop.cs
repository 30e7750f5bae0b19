using System.Diagnostics;
using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.Kit;

/// <summary>
/// A folder outside the repository where plugins are made as their authors make them: with the SDK, the packages <c>Tessera.Abstractions</c>, <c>Tessera.Conformance</c> and <c>Tessera.Templates</c> in a folder of their own, and nothing else of
/// the source. A plugin of each kind from its template, and the samples, are built once for all tests.
/// </summary>
public sealed class AuthorWorkshop : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly string[] PackedProjects = ["Abstractions/Abstractions.csproj", "Conformance/Conformance.csproj", "templates/Templates.csproj"];
    private readonly TemporaryFolder _folder = new();

    /// <summary>The kinds of <c>dotnet new tessera-plugin</c>.</summary>
    public static string[] Kinds { get; } = ["decoding", "format", "kernel", "quantization", "tokenizer"];

    /// <summary>The folder.</summary>
    public string Folder => _folder.Path;

    private static string Configuration { get; } = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    /// <summary>The name of the plugin of a kind.</summary>
    public static string NameOf(string kind) => $"Acme.Try{kind[..1].ToUpperInvariant()}{kind[1..]}";

    /// <summary>The build output of a project of the workshop.</summary>
    public string OutputOf(string project) => Path.Combine(Folder, project, "bin", "Release", "net10.0");

    /// <summary>Runs a program of the SDK to its end, in the workshop; nothing that it starts stays.</summary>
    internal async Task<Finished> DotnetAsync(params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", arguments) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true };
        // What the test's own build has set is not the author's.
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase) || k is "TEST_RESULTS").ToArray())
            start.Environment.Remove(name);
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        using CancellationTokenSource patience = new(Patience);
        await process.WaitForExitAsync(patience.Token);
        return new Finished(process.ExitCode, await output, await errors);
    }

    /// <summary>A new plugin from the template package.</summary>
    internal Task<Finished> NewAsync(string kind, string name, string folder) => DotnetAsync("new", "tessera-plugin", "--kind", kind, "-n", name, "-o", folder, "--debug:custom-hive", Path.Combine(Folder, "hive"));

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        string projects = string.Join(';', PackedProjects.Select(p => Path.Combine(Shared.RepositoryRoot, p)));
        _folder.Write("pack.proj", $"""
            <Project>
              <Target Name="Pack">
                <MSBuild Projects="{projects}" Targets="Pack" Properties="Configuration={Configuration};NoBuild=true;PackageOutputPath={Folder}/packages/" />
              </Target>
            </Project>
            """);
        string global = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        _folder.Write("nuget.config", $"""
            <configuration>
              <packageSources><clear /><add key="local" value="packages" /></packageSources>
              <fallbackPackageFolders><clear /><add key="global" value="{global}" /></fallbackPackageFolders>
              <config><add key="globalPackagesFolder" value="cache" /></config>
            </configuration>
            """);
        Done(await DotnetAsync("build", "pack.proj", "-t:Pack", "-v:q", "--nologo"));
        Done(await DotnetAsync("new", "install", Path.Combine("packages", "Tessera.Templates.0.1.0.nupkg"), "--debug:custom-hive", Path.Combine(Folder, "hive")));
        foreach (string kind in Kinds)
            Done(await NewAsync(kind, NameOf(kind), kind));
        foreach (string sample in (string[])["Quant.Sample", "Quant.Sample.Checks"])
            foreach (string file in Directory.EnumerateFiles(Path.Combine(Shared.RepositoryRoot, "samples", sample), "*", SearchOption.AllDirectories).Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal) && !f.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal)))
            {
                string copy = Path.Combine(Folder, Path.GetRelativePath(Path.Combine(Shared.RepositoryRoot, "samples"), file));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy);
            }
        string[] all = [.. Kinds.Select(k => $"{k}/{NameOf(k)}.csproj"), "Quant.Sample/Quant.Sample.csproj", "Quant.Sample.Checks/Quant.Sample.Checks.csproj"];
        _folder.Write("All.slnx", $"<Solution>{string.Concat(all.Select(p => $"<Project Path=\"{p}\" />"))}</Solution>");
        Done(await DotnetAsync("build", "All.slnx", "-c", "Release", "-v:q", "--nologo"));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Fails unless a program has ended well.</summary>
    internal static string Done(Finished finished)
    {
        Assert.True(finished.Code == 0, $"exit code {finished.Code}\n{finished.Output}\n{finished.Error}");
        return finished.Output;
    }
}

/// <summary>What is made in the workshop is made once.</summary>
[CollectionDefinition(Name)]
public sealed class WorkshopCollection : ICollectionFixture<AuthorWorkshop>
{
    public const string Name = "workshop";
}
