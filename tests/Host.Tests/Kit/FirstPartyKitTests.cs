using System.Globalization;
using Tessera.Host.Configuration;
using Tessera.Host.Plugins;
using Tessera.Host.Plugins.Kit;
using Tessera.Host.Tests.Plugins;
using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.Kit;

/// <summary>The plugins of the build pass the kit that their authors are held to elsewhere.</summary>
public sealed class FirstPartyKitTests : IDisposable
{
    private static readonly int s_rounds = LongTests.AreWanted ? 50 : 2;
    private readonly TestPackages _packages = new();

    public static TheoryData<string> FirstParty => PluginCanaryTests.FirstParty;

    public void Dispose() => _packages.Dispose();

    [Theory]
    [MemberData(nameof(FirstParty))]
    public void Every_plugin_of_the_build_passes_the_kit(string id)
    {
        string plugins = Path.Combine(TestServer.Executable, "plugins");
        PluginsConfiguration configuration = _packages.Configuration([id]) with { Folders = [plugins], AllowUnsigned = false };
        PluginLocator locator = new(configuration, TrustedFiles.Read(TestServer.Executable));
        VerifiedPackage package = locator.Verify(new PluginPackage(id, Path.Combine(plugins, id)));
        StringWriter output = new(CultureInfo.InvariantCulture);
        KitReport report = new(output);
        new PluginKit(package, locator.Options(package.Manifest), s_rounds, report, withTimes: LongTests.AreWanted).Run();
        TestContext.Current.TestOutputHelper?.WriteLine($"{output}");
        Assert.True(report.Errors == 0, $"{output}");
        Assert.Contains($"exercise       {s_rounds} times, loaded 5 times; all unloaded after", $"{output}", StringComparison.Ordinal);
    }
}
