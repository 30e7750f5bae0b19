using System.Text.RegularExpressions;
using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.Cli;

/// <summary>The way of a third party's plugin: packed, signed, checked, installed, switched to, gone back from, removed.</summary>
public sealed partial class PluginsCommandTests : IDisposable
{
    private readonly TestPackages _packages = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _packages.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_package_is_packed_signed_verified_installed_activated_rolled_back_and_removed()
    {
        string source = _packages.Add(), key = Path.Combine(_folder.Path, "acme.pem"), tpk = Path.Combine(_folder.Path, "echo.tpk");
        string trust = (await Done("key", "acme", key)).Split('\n')[1];
        Assert.Contains("PRIVATE KEY", File.ReadAllText(key), StringComparison.Ordinal);
        string packed = await Done("pack", source, tpk, "--publisher", "acme", "--key", key);
        string hash = packed.TrimEnd().Split('\n')[1];
        Assert.Contains("test.echo 1.2.3-test.1", packed, StringComparison.Ordinal);

        string stranger = Config("");
        Assert.Contains("publisher 'acme' is not in plugins.publishers", await Fails("verify", tpk, "--config", stranger), StringComparison.Ordinal);
        Assert.Contains("publisher 'acme' is not in plugins.publishers", await Fails("install", tpk, "--config", stranger), StringComparison.Ordinal);

        string config = Config($"publishers: {{ {trust} }}");
        string verified = await Done("verify", tpk, "--rules-only", "--config", config);
        Assert.Contains("signed by acme", verified, StringComparison.Ordinal);
        Assert.Contains(hash, verified, StringComparison.Ordinal);
        Assert.Contains("IQuantization: echo_f32", verified, StringComparison.Ordinal);
        Assert.Contains($"test.echo@1.2.3-test.1@{hash}", await Done("install", tpk, "--config", config), StringComparison.Ordinal);
        Assert.Contains($"  test.echo {"",-14} 1.2.3-test.1     {hash[..12]}  store", await Done("list", "--config", config), StringComparison.Ordinal);
        Assert.Contains("is active", await Done("activate", "test.echo", "--config", config), StringComparison.Ordinal);
        Assert.Contains($"* test.echo {"",-14} 1.2.3-test.1     {hash[..12]}  store", await Done("list", "--config", config), StringComparison.Ordinal);
        Assert.Contains("is active; activate another version first", await Fails("remove", "test.echo", "--config", config), StringComparison.Ordinal);
        Assert.Contains("the package of plugins.folder is active again", await Done("rollback", "test.echo", "--config", config), StringComparison.Ordinal);
        Assert.Contains("nothing was active before", await Fails("rollback", "test.echo", "--config", config), StringComparison.Ordinal);
        Assert.Contains("is removed", await Done("remove", "test.echo", "--config", config), StringComparison.Ordinal);
        Assert.Equal("", await Done("list", "--config", config));
    }

    [Fact]
    public async Task A_package_that_throws_when_it_is_tried_is_quarantined_and_what_was_active_stays()
    {
        string config = Config("allowUnsigned: true, options: { test.echo: { fail: configure } }, load: [test.echo], folder: nowhere");
        string source = _packages.Add();
        await Done("install", source, "--config", config);
        Assert.Contains("Configure failed: EchoException: no line", await Fails("activate", "test.echo", "--config", config), StringComparison.Ordinal);
        string list = await Done("list", "--config", config);
        Assert.DoesNotContain("*", list, StringComparison.Ordinal);
        Assert.Matches(Quarantined(), list);
    }

    [Fact]
    public async Task The_kit_runs_code_that_somebody_vouches_for_and_says_what_is_wrong_with_it()
    {
        string source = _packages.Add("test.leaky", of: "test.leaky"), config = Config("");
        Assert.Contains("plugins.allowUnsigned", await Fails("verify", source, "--config", config), StringComparison.Ordinal);
        Finished finished = await TesseraProcess.RunAsync("plugins", "verify", source, "--allow-unsigned", "--rounds", "3", "--config", config);
        Assert.True(finished.Code == 1, $"{finished}");
        Assert.Contains("error thread: Tessera.Test.Leaky.LeakySource..ctor uses System.Threading.Thread..ctor. Take threads from IWorkTeam", finished.Output, StringComparison.Ordinal);
        Assert.Contains("\nexercise       3 times, loaded 5 times; all unloaded", finished.Output, StringComparison.Ordinal);
        Assert.Equal("failed: 3 errors, 2 warnings", finished.Output.TrimEnd().Split('\n')[^1]);
    }

    [Theory]
    [InlineData("nowhere: no such folder", "pack", "nowhere")]
    [InlineData("nowhere.tpk: no such file or folder", "verify", "nowhere.tpk")]
    [InlineData("nowhere.tpk: no such file or folder", "install", "nowhere.tpk")]
    [InlineData("the store has no version of it", "activate", "nobody")]
    public async Task What_is_not_there_is_named(string says, params string[] arguments) =>
        Assert.Contains(says, await Fails(arguments[0] == "pack" ? arguments : [.. arguments, "--config", Config("")]), StringComparison.Ordinal);

    [Theory]
    [InlineData("publishers: { acme: bm9uZQ== }", "plugins.publishers.acme: expected an ECDSA public key")]
    [InlineData("trusted: [abc]", "plugins.trusted[0]: expected a package's SHA-256")]
    public async Task Wrong_trust_is_an_error_of_the_configuration(string plugins, string says)
    {
        Finished finished = await TesseraProcess.RunAsync("plugins", "list", "--config", Config(plugins));
        Assert.Equal(2, finished.Code);
        Assert.Contains(says, finished.Error, StringComparison.Ordinal);
    }

    private string Config(string plugins) =>
        _folder.Write("host.yaml", $"plugins: {{ store: store{(plugins.Contains("folder:", StringComparison.Ordinal) ? "" : ", folder: nowhere")}{(plugins.Length > 0 ? ", " + plugins : "")} }}\n");

    private static async Task<string> Done(params string[] arguments)
    {
        Finished finished = await TesseraProcess.RunAsync(["plugins", .. arguments]);
        Assert.True(finished.Code == 0, $"{finished}");
        return finished.Output;
    }

    private static async Task<string> Fails(params string[] arguments)
    {
        Finished finished = await TesseraProcess.RunAsync(["plugins", .. arguments]);
        Assert.True(finished.Code == 1, $"{finished}");
        Assert.Single(finished.Error.TrimEnd().Split('\n'));
        return finished.Error;
    }

    [GeneratedRegex("quarantined: .*EchoException")]
    private static partial Regex Quarantined();
}
