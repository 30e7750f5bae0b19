using Tessera.Host.Configuration;
using Tessera.Host.Plugins;
using Tessera.Host.Plugins.Kit;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Tests.Kit;

/// <summary>The kit on plugins that do what plugins must not do.</summary>
public sealed class PluginKitTests : IDisposable
{
    private const string Leaky = "test.leaky";
    private readonly TestPackages _packages = new();

    public void Dispose() => _packages.Dispose();

    [Theory]
    [InlineData("event")]
    [InlineData("thread")]
    [InlineData("timer")]
    [InlineData("handle")]
    [InlineData("json")]
    public void A_plugin_that_something_holds_on_to_is_reported(string leak)
    {
        _packages.Add(Leaky, of: Leaky);
        string report = Run(Leaky, ("leak", leak));
        Assert.Contains("error unload: after 10 collections 5 of 5 assemblies and 5 load contexts are alive", report, StringComparison.Ordinal);
    }

    [Fact]
    public void Its_code_is_told_apart_by_the_scan_and_one_that_leaks_nothing_is_unloaded()
    {
        _packages.Add(Leaky, of: Leaky);
        string report = Run(Leaky, ("leak", "nothing"));
        foreach (string finding in (string[])["error event: ", "error thread: ", "warning timer: ", "warning gc-handle: ", "error json: "])
            Assert.Contains($"{finding}Tessera.Test.Leaky.LeakySource..ctor uses", report, StringComparison.Ordinal);
        Assert.Contains("loaded 5 times; all unloaded", report, StringComparison.Ordinal);
        Assert.DoesNotContain("error unload", report, StringComparison.Ordinal);
    }

    [Fact]
    public void A_Dispose_that_does_not_end_is_reported_and_not_waited_for()
    {
        _packages.Add(Leaky, of: Leaky);
        Assert.Contains("error checks: Dispose is not done after 10 s", Run(Leaky, ("leak", "dispose")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_plugin_that_cannot_be_loaded_is_reported_in_one_line()
    {
        _packages.Add();
        string report = Run(TestPackages.Echo, ("fail", "configure"), ("step", "1"));
        Assert.Contains("error checks: plugin 'test.echo': Configure failed: EchoException: no line", report, StringComparison.Ordinal);
        Assert.DoesNotContain("exercise", report, StringComparison.Ordinal);
    }

    private string Run(string id, params (string Name, string Value)[] options)
    {
        PluginLocator locator = new(_packages.Configuration([id]), new TrustedFiles([]));
        StringWriter output = new();
        new PluginKit(locator.Verify(new PluginPackage(id, Path.Combine(_packages.Folder, id))), new BoundOptions(options.ToDictionary(o => o.Name, o => o.Value), new Dictionary<string, ConfigurationPlace>()), rounds: 2, new KitReport(output)).Run();
        return output.ToString();
    }
}
