using Tessera.Host.Plugins.Packages;
using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.LifeCycle;

/// <summary>What an edited host.yaml puts in use has to prove itself like what an administrator activates.</summary>
[Collection(RelayCollection.Name)]
public sealed class ReloadProbationTests
{
    private const int Streams = 4, Tokens = 400;
    private const string Probation = "probationSeconds: 600\n  maxSlowdown: 0\n  drainSeconds: 0";
    private const string RolledBack = "tessera_plugin_switches_total{plugin=\"test.relay\",result=\"rolled_back\"}", Proven = "tessera_plugin_switches_total{plugin=\"test.relay\",result=\"proven\"}";

    [Fact]
    public async Task Options_that_do_badly_give_way_to_those_before_and_no_stream_notices()
    {
        await using RelayServer relay = await RelayServer.StartAsync(Probation);
        Edit(relay, "{ delay: 3, fault: step, after: 60 }");
        await relay.UntilMetricAsync("tessera_configuration_reloads_total{result=\"applied\"}", 1);
        foreach (RelayStream stream in await relay.StreamsAsync(Streams, Tokens))
            Assert.Equal(Relay.Expect(stream.Prompt, Tokens), await stream.Text);
        await relay.UntilMetricAsync(RolledBack, 1);
        Assert.Equal(Relay.Expect('a', 100), await relay.AskAsync(100));
        // The version is the same, and good with other options.
        Assert.Empty(relay.Store.Read().Of(Relay.Id).Quarantined);
        await TestServer.UntilAsync(() => relay.Server.Host.Plugins.Retired.Count == 0, "the generation with those options is gone");
        Assert.Equal(["1.0.0 active"], await relay.Admin.LinesAsync());
    }

    [Fact]
    public async Task A_version_of_the_folder_that_does_badly_is_quarantined_and_the_next_start_is_on_the_one_before()
    {
        await using RelayServer relay = await RelayServer.StartAsync(Probation);
        Relay.Replace(relay.Folder, Relay.Version(relay.Folder, "1.1.0", "step", after: 60));
        Edit(relay, "{ delay: 3 }");
        // It is active a moment before its probation begins.
        await relay.UntilMetricAsync("tessera_configuration_reloads_total{result=\"applied\"}", 1);
        Assert.Contains("1.1.0 active", await relay.Admin.LinesAsync());
        Assert.True(Assert.Single(await relay.Admin.ListAsync(), l => l.GetProperty("version").GetString() == "1.1.0").GetProperty("probation").GetBoolean());
        PluginRecord record = relay.Store.Read().Of(Relay.Id);
        Assert.Equal(("1.0.0", "1.1.0"), (record.Active?.Version, record.Pending?.Version));
        RelayStream[] streams = await relay.StreamsAsync(Streams, Tokens);
        await relay.Admin.UntilAsync("1.1.0 quarantined");
        foreach (RelayStream stream in streams)
            Assert.Equal(Relay.Expect(stream.Prompt, Tokens), await stream.Text);
        record = relay.Store.Read().Of(Relay.Id);
        Assert.Equal(("1.0.0", null), (record.Active?.Version, record.Pending?.Version));

        // Another edit does not try it again.
        Edit(relay, "{ delay: 2 }");
        await relay.UntilMetricAsync("tessera_configuration_reloads_total{result=\"applied\"}", 2);
        Assert.Contains("1.0.0 active", await relay.Admin.LinesAsync());
        Assert.Contains("1.1.0 quarantined", await relay.Admin.LinesAsync());
    }

    [Fact]
    public async Task A_version_of_the_folder_that_does_well_is_the_folders_from_then_on()
    {
        const string Short = "probationSeconds: 1";
        await using RelayServer relay = await RelayServer.StartAsync(Short);
        Relay.Replace(relay.Folder, Relay.Version(relay.Folder, "1.1.0", step: 2));
        File.WriteAllText(relay.File, Relay.Yaml(relay.Port, Short) + "\n# edited");
        await relay.UntilMetricAsync(Proven, 1);
        Assert.Equal("ceg", await relay.AskAsync());
        PluginRecord record = relay.Store.Read().Of(Relay.Id);
        Assert.Equal((null, null), (record.Active, record.Pending));
        await TestServer.UntilAsync(() => relay.Server.Host.Plugins.Retired.Count == 0, "the one before is gone");
    }

    [Fact]
    public async Task An_edit_ends_no_probation_and_takes_nothing_away_that_it_does_not_name()
    {
        await using RelayServer relay = await RelayServer.StartAsync(Probation);
        await relay.Admin.InstallAndActivateAsync(Relay.Version(relay.Folder, "1.1.0", "nan", after: 60), "1.1.0");
        await relay.Admin.InstallAndActivateAsync(Repack.Bytes(relay.Folder, TestPackages.Echo, "1.0.0", Path.Combine(AppContext.BaseDirectory, "packages", TestPackages.Echo)), "1.0.0", TestPackages.Echo);
        // Every model gets another composition; it has still to prove itself: what are no numbers is the version's failure and not that of a request.
        File.WriteAllText(relay.File, Relay.Yaml(relay.Port, Probation, "files: { mmap: false }"));
        await relay.UntilMetricAsync("tessera_configuration_reloads_total{result=\"applied\"}", 1);
        Assert.Contains("1.1.0 active", await relay.Admin.LinesAsync());
        Assert.Contains("1.0.0 active", await relay.Admin.LinesAsync(TestPackages.Echo));
        RelayStream[] streams = await relay.StreamsAsync(Streams, Tokens);
        foreach (RelayStream stream in streams)
            Assert.Equal(Relay.Expect(stream.Prompt, Tokens), await stream.Text);
        await relay.Admin.UntilAsync("1.1.0 quarantined");
    }

    [Fact]
    public async Task Other_options_for_a_version_on_probation_are_on_probation_too()
    {
        await using RelayServer relay = await RelayServer.StartAsync(Probation);
        await relay.Admin.InstallAndActivateAsync(Relay.Version(relay.Folder, "1.1.0", step: 2), "1.1.0");
        Edit(relay, "{ delay: 3, step: 3 }");
        await relay.UntilMetricAsync("tessera_configuration_reloads_total{result=\"applied\"}", 1);
        Assert.Equal("dgj", await relay.AskAsync());
        Assert.Contains("1.1.0 active", await relay.Admin.LinesAsync());
        Assert.Equal("1.1.0", relay.Store.Read().Of(Relay.Id).Pending?.Version);
        await relay.Admin.DoAsync("rollback", Relay.Id);
        Assert.Equal("bcd", await relay.AskAsync());
        Assert.Null(relay.Store.Read().Of(Relay.Id).Pending);
        Assert.Contains("1.0.0 active", await relay.Admin.LinesAsync());
    }

    private static void Edit(RelayServer relay, string options) => File.WriteAllText(relay.File, Relay.Yaml(relay.Port, Probation, options: options) + $"\n# {Guid.NewGuid()}");
}
