using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Tessera.Abstractions.Plugins;
using Tessera.Abstractions;
using Tessera.Host.Configuration;
using Tessera.Host.Plugins;

namespace Tessera.Host.Tests.Plugins;

public sealed class PluginHostTests : IDisposable
{
    private readonly TestPackages _packages = new();

    public void Dispose() => _packages.Dispose();

    [Fact]
    public async Task A_plugin_is_loaded_into_a_context_of_its_own_with_its_private_assemblies()
    {
        _packages.Add();
        await using PluginHost host = _packages.Load();
        PluginGeneration generation = host.Get(TestPackages.Echo);
        Assert.Equal((TestPackages.Echo, "1.2.3-test.1", GenerationState.Active, 0), (generation.Id, generation.Version, generation.State, generation.Leases));
        using PluginLease lease = generation.Acquire();
        Assert.Equal(1, generation.Leases);
        Assert.Equal(["echo", "echo_f32", "echo", "echo"], [lease.Contracts.Formats[0].Name, lease.Contracts.Quantizations[0].Id, lease.Contracts.Backends[0].Name, lease.Contracts.Architectures[0].Names[0]]);
        Assert.Null(lease.Contracts.CreateStrategy());
        AssemblyLoadContext context = AssemblyLoadContext.GetLoadContext(lease.Contracts.Formats[0].GetType().Assembly)!;
        Assert.True(context.IsCollectible);
        Assert.Equal(["Tessera.Test.Echo", "YamlDotNet"], context.Assemblies.Select(a => a.GetName().Name).Order());
        Assert.Throws<PluginException>(() => host.Get("other"));
    }

    [Fact]
    public async Task After_dispose_the_assembly_is_collected()
    {
        _packages.Add();
        WeakReference assembly = await LoadUseAndDispose();
        await AssertCollected(assembly);
    }

    [Fact]
    public async Task A_retired_generation_ends_with_its_last_lease()
    {
        _packages.Add();
        PluginHost host = _packages.Load();
        PluginGeneration generation = host.Generations[0];
        PluginLease first = generation.Acquire();
        PluginLease second = generation.Acquire();
        generation.Retire();
        Assert.Throws<PluginException>(generation.Acquire);
        first.Dispose();
        first.Dispose();
        Assert.Equal((GenerationState.Draining, 1, false), (generation.State, generation.Leases, generation.Unloaded.IsCompleted));
        second.Dispose();
        await generation.Unloaded;
        Assert.Equal(GenerationState.Unloaded, generation.State);
        Assert.Throws<ObjectDisposedException>(() => second.Contracts);
        await host.DisposeAsync();
    }

    [Fact]
    public async Task A_failing_dispose_does_not_keep_the_plugin()
    {
        _packages.Add();
        WeakReference assembly = await LoadUseAndDispose(("fail", "dispose"));
        await AssertCollected(assembly);
    }

    [Fact]
    public void A_missing_plugin_says_where_it_was_looked_for_and_what_is_there()
    {
        _packages.Add();
        string message = Refused(["test.ecko"]);
        Assert.Contains($"looked in {_packages.Folder}", message, StringComparison.Ordinal);
        Assert.Contains("test.echo; did you mean 'test.echo'?", message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_id_twice_and_a_name_twice_are_refused()
    {
        _packages.Add();
        _packages.Add("test.other");
        Assert.Contains("plugins.load twice", Refused([TestPackages.Echo, TestPackages.Echo]), StringComparison.Ordinal);
        Assert.Contains("plugins 'test.echo' and 'test.other' both provide IWeightFormat 'echo'", Refused([TestPackages.Echo, "test.other"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_package_that_fails_is_named()
    {
        _packages.Add("test.a", m => m["schema"] = 2);
        _packages.Add("test.b", m => m["version"] = "one");
        string message = Refused(["test.a", "test.b", "test.c"]);
        Assert.Equal(3, message.Split('\n').Length);
    }

    [Fact]
    public void A_throwing_Configure_becomes_a_text()
    {
        _packages.Add();
        PluginException error = Assert.Throws<PluginException>(() => _packages.Load(("fail", "configure")));
        Assert.Contains("Configure failed: EchoException: no line", error.Message, StringComparison.Ordinal);
        Assert.Null(error.InnerException);
    }

    [Theory]
    [InlineData("one", "host.yaml:7 test.echo.word: expected another word"), InlineData(null, "test.echo.word: expected another word")]
    public void An_option_that_the_plugin_cannot_take_is_named_with_its_place(string? word, string expected)
    {
        _packages.Add();
        PluginException error = Assert.Throws<PluginException>(() => word is null ? _packages.Load(("fail", "option")) : _packages.Load(("fail", "option"), ("word", word)));
        Assert.Equal(expected, error.Message);
    }

    [Theory]
    [InlineData("Tessera.Test.Echo.Nobody", "has no type")]
    [InlineData("Tessera.Test.Echo.EchoFormat", "no class that implements IPlugin")]
    public void A_wrong_entry_type_is_refused(string type, string reason)
    {
        _packages.Add(edit: m => m["entryType"] = type);
        Assert.Contains(reason, Refused([TestPackages.Echo]), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_registered_must_be_what_the_manifest_says()
    {
        _packages.Add(edit: m => m["provides"]![1]!["name"] = "q4_k");
        Assert.Contains("the manifest says IQuantization [q4_k], the plugin registered [echo_f32]", Refused([TestPackages.Echo]), StringComparison.Ordinal);
    }

    [Fact]
    public void Options_are_checked_against_the_manifest_all_at_once()
    {
        _packages.Add();
        ConfigurationException error = Assert.Throws<ConfigurationException>(() => _packages.Load(("stepp", "1"), ("step", "26"), ("fail", "often"), ("loud", "yes"), ("scale-by", "-1")));
        Assert.Equal(
            [
                "host.yaml:7 test.echo.stepp: unknown key; did you mean 'step'?",
                "host.yaml:7 test.echo.step: expected a whole number from 1 to 25, found '26'",
                "host.yaml:7 test.echo.fail: expected never or configure or option or build or dispose or step, found 'often'",
                "host.yaml:7 test.echo.loud: expected true or false, found 'yes'",
                "host.yaml:7 test.echo.scale-by: expected a number from 0, found '-1'",
            ], error.Errors);
    }

    [Fact]
    public void The_loader_of_the_configuration_reports_them_too()
    {
        _packages.Add();
        using TemporaryFolder folder = new();
        folder.Write("host.yaml", $"plugins:\n  folder: {_packages.Folder}\n  load: [test.echo]\n  options:\n    test.echo:\n      setp: 1\n");
        ConfigurationLoader loader = new() { WorkingFolder = folder.Path, Environment = new Dictionary<string, string> { ["TESSERA__PLUGINS__OPTIONS__TEST_ECHO__SCALE_BY"] = "far" } };
        Assert.Equal(
            ["host.yaml:6 test.echo.setp: unknown key; did you mean 'step'?", "TESSERA__PLUGINS__OPTIONS__TEST_ECHO__SCALE_BY test.echo.scale-by: expected a number from 0, found 'far'"],
            Assert.Throws<ConfigurationException>(() => loader.Load()).Errors);
    }

    [Fact]
    public async Task Only_recorded_files_are_loaded_unless_allowed()
    {
        string package = _packages.Add();
        PluginsConfiguration strict = _packages.Configuration([TestPackages.Echo]) with { AllowUnsigned = false };
        string[] recorded = [.. Directory.EnumerateFiles(package, "*", SearchOption.AllDirectories).Select(f => $"{Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(f)))}  {TestPackages.Echo}/{Path.GetRelativePath(package, f).Replace('\\', '/')}")];
        await PluginHost.Load(strict, new TrustedFiles(recorded), NullLoggerFactory.Instance).DisposeAsync();
        Assert.Contains("allowUnsigned", Assert.Throws<PluginException>(() => PluginHost.Load(strict, new TrustedFiles(recorded[1..]), NullLoggerFactory.Instance)).Message, StringComparison.Ordinal);
        File.AppendAllText(Path.Combine(package, PluginManifest.FileName), "\n");
        Assert.Contains("'plugin.json' is not as the build recorded it", Assert.Throws<PluginException>(() => PluginHost.Load(strict, new TrustedFiles(recorded), NullLoggerFactory.Instance)).Message, StringComparison.Ordinal);
    }

    private string Refused(string[] load) => Assert.Throws<PluginException>(() => TestPackages.Load(_packages.Configuration(load))).Message;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<WeakReference> LoadUseAndDispose(params (string Name, string Value)[] options)
    {
        PluginHost host = _packages.Load(options);
        WeakReference assembly = host.Generations[0].Assembly;
        Assert.True(Probe(host.Generations[0]));
        Assert.True(assembly.IsAlive);
        await host.DisposeAsync();
        return assembly;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool Probe(PluginGeneration generation)
    {
        using PluginLease lease = generation.Acquire();
        return lease.Contracts.Formats[0].Probe("ECHO"u8, "x") && lease.Contracts.Backends.Count == 1;
    }

    private static async Task AssertCollected(WeakReference assembly)
    {
        for (int i = 0; i < 10 && assembly.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Yield();
        }
        Assert.False(assembly.IsAlive);
    }
}
