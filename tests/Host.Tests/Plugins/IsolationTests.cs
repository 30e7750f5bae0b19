using System.Diagnostics;
using System.Runtime.CompilerServices;
using Tessera.Host.Plugins;

namespace Tessera.Host.Tests.Plugins;

/// <summary>Plugins with private assemblies and native libraries of the same names each see their own.</summary>
public sealed class IsolationTests : IDisposable
{
    private const string Old = "test.old", New = "test.new";
    private readonly TestPackages _packages = new();

    public void Dispose() => _packages.Dispose();

    [Fact]
    public async Task Two_plugins_with_different_versions_of_a_package_see_their_own_and_the_host_sees_its()
    {
        _packages.Add(Old, of: Old);
        _packages.Add(New, of: New);
        await using PluginHost host = TestPackages.Load(_packages.Configuration([Old, New]));
        Assert.Equal((13, 15, 16), (Version(host.Get(Old)), Version(host.Get(New)), typeof(YamlDotNet.Core.Mark).Assembly.GetName().Version!.Major));
    }

    [Fact]
    public async Task Two_plugins_with_native_libraries_of_one_name_call_their_own_and_an_upgrade_calls_the_new_one()
    {
        string first = AddNative(Old, 41), second = AddNative(New, 42);
        PluginHost host = TestPackages.Load(_packages.Configuration([Old, New]));
        Assert.Equal((41, 42), (Answer(host.Get(Old)), Answer(host.Get(New))));
        Assert.Equal((1, 1), (Mapped(first), Mapped(second)));
        PluginGeneration old = host.Get(Old);
        host.Set(host.With(Old, null));
        await host.RetireAsync(old, TimeSpan.FromMinutes(1));
        Assert.Equal(0, Mapped(first));
        Assert.Equal(42, Answer(host.Get(New)));

        // The next version, in a folder of its own.
        using TestPackages upgrade = new();
        string third = AddNative(Old, 43, upgrade);
        await using PluginHost next = TestPackages.Load(upgrade.Configuration([Old]));
        Assert.Equal((43, 1, 0), (Answer(next.Get(Old)), Mapped(third), Mapped(first)));
        await host.DisposeAsync();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Version(PluginGeneration generation)
    {
        using PluginLease lease = generation.Acquire();
        return lease.Contracts.CreateStrategy()!.MaxDraft;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Answer(PluginGeneration generation)
    {
        using PluginLease lease = generation.Acquire();
        return (int)lease.Contracts.Tiles[0].TryGet("answer")!.EntryPoint;
    }

    private string AddNative(string id, int answer, TestPackages? packages = null)
    {
        string folder = (packages ?? _packages).Add(id, of: id), source = Path.Combine(folder, "probe.c"), library = Path.Combine(folder, "libtessera_probe.so");
        if (!OperatingSystem.IsLinux())
            Assert.Skip("native libraries are tested on Linux, where /proc says what is mapped");
        File.WriteAllText(source, $"int tessera_probe(void) {{ return {answer}; }}\n");
        try
        {
            using Process compiler = Process.Start("cc", ["-shared", "-fPIC", "-o", library, source]);
            compiler.WaitForExit();
            Assert.Equal(0, compiler.ExitCode);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("no C compiler (cc) is here to build native libraries with");
        }
        File.Delete(source);
        return library;
    }

    /// <summary>How many libraries the process has mapped from a file.</summary>
    private static int Mapped(string path)
    {
        // The store's copy is what is loaded: the same file name below the same id, told apart by its content.
        byte[] content = File.ReadAllBytes(path);
        return File.ReadLines("/proc/self/maps").Select(l => l[(l.LastIndexOf(' ') + 1)..]).Distinct()
            .Count(p => p.EndsWith("/libtessera_probe.so", StringComparison.Ordinal) && File.Exists(p) && File.ReadAllBytes(p).AsSpan().SequenceEqual(content));
    }
}
