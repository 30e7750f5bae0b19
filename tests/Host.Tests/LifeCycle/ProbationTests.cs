using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Tessera.Host.Plugins;
using Tessera.Host.Plugins.Packages;
using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.LifeCycle;

/// <summary>A version that does badly after it was put in use gives way to the one before, and no request notices.</summary>
[Collection(RelayCollection.Name)]
public sealed class ProbationTests
{
    private const int Streams = 6, Tokens = 500;

    [Theory]
    [InlineData("step", "RelayException: no step today")]
    [InlineData("nan", "are not numbers")]
    [InlineData("decode", "RelayException: no text today")]
    [InlineData("slow", "times as long as those before")]
    public async Task What_goes_wrong_on_probation_is_rolled_back_and_no_token_is_lost_or_written_twice(string fault, string reason)
    {
        await using RelayServer relay = await RelayServer.StartAsync($"probationSeconds: 600\n  maxSlowdown: {(fault == "slow" ? 3 : 0)}\n  drainSeconds: 0");
        RelayStream[] before = await relay.StreamsAsync(Streams, Tokens);
        await TestServer.UntilAsync(() => before.All(s => s.Length > 40), "steps enough to compare with");
        using (new RelayHold(0))
        {
            await relay.Admin.InstallAndActivateAsync(Relay.Version(relay.Folder, "1.1.0", fault, after: 60, mark: 1), "1.1.0");
            JsonElement next = Assert.Single(await relay.Admin.ListAsync(), l => l.GetProperty("version").GetString() == "1.1.0");
            Assert.Equal(("active", true), (next.GetProperty("state").GetString(), next.GetProperty("probation").GetBoolean()));
        }
        RelayStream[] during = await relay.StreamsAsync(Streams, Tokens);
        foreach (RelayStream stream in before.Concat(during))
            Assert.Equal(Relay.Expect(stream.Prompt, Tokens), await stream.Text);
        await relay.Admin.UntilAsync("1.1.0 quarantined");
        JsonElement[] lines = await relay.Admin.ListAsync();
        Assert.Contains(reason, Assert.Single(lines, l => l.GetProperty("state").GetString() == "quarantined").GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Contains("1.0.0 active", await relay.Admin.LinesAsync());
        Assert.All(before, s => Assert.InRange(s.Migrations, 1, 2));
        Assert.Equal("bcd", await relay.AskAsync());
        await relay.UntilMetricAsync("tessera_plugin_switches_total{plugin=\"test.relay\",result=\"rolled_back\"}", 1);
        Assert.Null(relay.Store.Read().Of(Relay.Id).Active);
    }

    [Fact]
    public async Task A_request_whose_text_cannot_be_read_is_read_by_the_version_before()
    {
        await using RelayServer relay = await RelayServer.StartAsync("probationSeconds: 600");
        await relay.Admin.InstallAndActivateAsync(Relay.Version(relay.Folder, "1.1.0", "encode", after: 10), "1.1.0");
        for (int i = 0; i < 12; i++)
            Assert.Equal("bcd", await relay.AskAsync());
        await relay.Admin.UntilAsync("1.1.0 quarantined");
    }

    [Fact]
    public async Task Who_does_well_is_the_last_known_good_one_from_then_on_and_not_before()
    {
        FakeTimeProvider clock = new();
        await using RelayServer relay = await RelayServer.StartAsync("probationSeconds: 600", pluginClock: clock);
        await relay.Admin.InstallAndActivateAsync(Relay.Version(relay.Folder, "1.1.0", step: 2), "1.1.0");
        PluginRecord record = relay.Store.Read().Of(Relay.Id);
        Assert.Equal((null, "1.1.0", GenerationState.Active), (record.Active, record.Pending?.Version, record.PendingState));
        Assert.Equal("ceg", await relay.AskAsync());
        clock.Advance(TimeSpan.FromSeconds(600));
        await TestServer.UntilAsync(() => relay.Store.Read().Of(Relay.Id).Active?.Version == "1.1.0", "it has proved itself");
        record = relay.Store.Read().Of(Relay.Id);
        Assert.Equal((null, null), (record.Pending, record.PendingState));
        await TestServer.UntilAsync(() => relay.Server.Host.Plugins.Retired.Count == 0, "the one before is gone");
    }

    [Fact]
    public async Task A_way_back_on_probation_leads_to_the_last_known_good_version_over_those_between()
    {
        await using RelayServer relay = await RelayServer.StartAsync("probationSeconds: 600");
        await relay.Admin.InstallAndActivateAsync(Relay.Version(relay.Folder, "1.1.0", step: 2), "1.1.0");
        await relay.Admin.InstallAndActivateAsync(Relay.Version(relay.Folder, "1.2.0", step: 3), "1.2.0");
        Assert.Equal("dgj", await relay.AskAsync());
        await relay.Admin.DoAsync("rollback", Relay.Id);
        Assert.Equal("bcd", await relay.AskAsync());
        await TestServer.UntilAsync(() => relay.Server.Host.Plugins.Retired.Count == 0, "both are gone");
        Assert.Equal(["1.0.0 active", "1.1.0 staged", "1.2.0 staged"], await relay.Admin.LinesAsync());
        Assert.Empty(relay.Store.Read().Of(Relay.Id).Quarantined);
    }
}
