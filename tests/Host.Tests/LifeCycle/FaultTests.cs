using Microsoft.Extensions.Time.Testing;
using Tessera.Host.Models;
using Tessera.Host.Plugins;
using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.LifeCycle;

/// <summary>Plugins that throw or hang wherever they can.</summary>
[Collection(RelayCollection.Name)]
public sealed class FaultTests
{
    /// <summary>Longer than a plugin may take, by a clock that does not go on by itself: what merely takes its time is never taken for hanging.</summary>
    private static readonly TimeSpan TooLong = TimeSpan.FromSeconds(3601);

    /// <summary>Of those that hang and are let go on.</summary>
    private const int Mark = 7;

    private readonly FakeTimeProvider _clock = new();

    [Theory]
    [InlineData("configure", "Configure failed: RelayException: no configuration")]
    [InlineData("constructor", "RelayException: no backend")]
    [InlineData("entry", "RelayException: no entry")]
    [InlineData("wrong", "differs from the float64 reference")]
    [InlineData("hang-configure", "loading has not come back for 1200 s")]
    [InlineData("hang-canary", "the canary has not come back for 1200 s")]
    [InlineData("hang-build", "building a composition has not come back for 3600 s")]
    public async Task Who_fails_before_it_is_in_use_changes_nothing(string fault, string reason)
    {
        await using RelayServer relay = await RelayServer.StartAsync("stuckSeconds: 1200", pluginClock: _clock);
        RelayStream[] streams = await relay.StreamsAsync(3, 400);
        await relay.Admin.InstallAsync(Relay.Version(relay.Folder, "1.1.0", fault == "entry" ? "never" : fault, mark: fault == "hang-build" ? Mark : 0, change: f =>
        {
            if (fault == "entry")
                File.WriteAllText(Path.Combine(f, "throw-in-constructor"), "");
        }));
        bool hangs = fault.StartsWith("hang", StringComparison.Ordinal);
        AppContext.SetData("relay.hangs", null);
        Task<string> refused = relay.Admin.RefusedAsync("activate", $"{Relay.Id}@1.1.0");
        if (hangs)
            await HangsAsync(fault, () => Task.FromResult(refused.IsCompleted));
        Assert.Contains(reason, await refused, StringComparison.Ordinal);
        await relay.Admin.UntilAsync(hangs ? "1.1.0 stuck" : "1.1.0 quarantined");
        foreach (RelayStream stream in streams)
            Assert.Equal(Relay.Expect(stream.Prompt, 400), await stream.Text);
        // The turn is free again.
        await relay.Admin.InstallAndActivateAsync(Relay.Version(relay.Folder, "1.2.0", step: 2), "1.2.0");
        Assert.Equal("ceg", await relay.AskAsync());
        Assert.Equal(hangs, (await relay.Admin.LinesAsync()).Contains("1.1.0 stuck"));
        // It has a part of the composition before it, which a host that stops would wait for.
        if (fault == "hang-build")
            await ComesBackAsync(relay);
    }

    [Fact]
    public async Task What_comes_back_late_is_unloaded_and_not_said_to_be_stuck_any_more()
    {
        await using RelayServer relay = await RelayServer.StartAsync("stuckSeconds: 1200", pluginClock: _clock);
        await relay.Admin.InstallAsync(Relay.Version(relay.Folder, "1.1.0", "hang-configure", mark: Mark));
        AppContext.SetData("relay.hangs", null);
        Task<string> refused = relay.Admin.RefusedAsync("activate", $"{Relay.Id}@1.1.0");
        await HangsAsync("hang-configure", () => Task.FromResult(refused.IsCompleted));
        await refused;
        Assert.Contains("1.1.0 stuck", await relay.Admin.LinesAsync());
        await ComesBackAsync(relay);
        Assert.Empty(relay.Server.Host.Plugins.Retired);
    }

    [Fact]
    public async Task A_backend_that_reads_a_type_of_another_plugin_wrongly_is_not_put_in_use()
    {
        await using RelayServer relay = await RelayServer.StartAsync();
        await relay.Admin.InstallAsync(Relay.Version(relay.Folder, "1.1.0", "wrong-type"));
        await relay.Admin.InstallAndActivateAsync(Repack.Bytes(relay.Folder, "quant.ggml", "0.9.0", Path.Combine(TestServer.Executable, "plugins", "quant.ggml")), "0.9.0", "quant.ggml");
        Assert.Contains("differs from the float64 reference with weights of type '", await relay.Admin.RefusedAsync("activate", $"{Relay.Id}@1.1.0"), StringComparison.Ordinal);
        Assert.Equal("bcd", await relay.AskAsync());
        await relay.Admin.InstallAndActivateAsync(Relay.Version(relay.Folder, "1.2.0", step: 2), "1.2.0");
        Assert.Equal("ceg", await relay.AskAsync());
    }

    [Fact]
    public async Task A_step_that_hangs_is_left_to_itself_and_its_requests_go_on_with_the_version_before()
    {
        // Steps have the engine's clock.
        await using RelayServer relay = await RelayServer.StartAsync("stuckSeconds: 3\n  probationSeconds: 600", pluginClock: _clock);
        await relay.Admin.InstallAndActivateAsync(Relay.Version(relay.Folder, "1.1.0", "hang-step", after: 40), "1.1.0");
        RelayStream[] streams = await relay.StreamsAsync(4, 200);
        foreach (RelayStream stream in streams)
        {
            Assert.Equal(Relay.Expect(stream.Prompt, 200), await stream.Text);
            Assert.Equal(1, stream.Migrations);
        }
        await relay.Admin.UntilAsync("1.1.0 stuck");
        Assert.Contains("has not come back for 3 s", relay.Store.Read().Of(Relay.Id).Quarantined[0].Reason, StringComparison.Ordinal);
        Assert.Equal(GenerationState.Stuck, relay.Server.Host.Plugins.Retired.Single(g => g.Version == "1.1.0").State);
    }

    [Theory]
    [InlineData("dispose", "1.1.0 staged")]
    [InlineData("dispose-runtime", "1.1.0 staged")]
    [InlineData("hang-dispose", "1.1.0 stuck")]
    public async Task A_dispose_that_fails_or_hangs_keeps_nobody_waiting(string fault, string line)
    {
        await using RelayServer relay = await RelayServer.StartAsync("stuckSeconds: 1200\n  probationSeconds: 0\n  drainSeconds: 0", pluginClock: _clock);
        await relay.Admin.InstallAndActivateAsync(Relay.Version(relay.Folder, "1.1.0", fault), "1.1.0");
        AppContext.SetData("relay.hangs", null);
        await relay.Admin.InstallAndActivateAsync(Relay.Version(relay.Folder, "1.2.0"), "1.2.0");
        Assert.Equal("bcd", await relay.AskAsync());
        if (fault == "hang-dispose")
            await HangsAsync(fault, async () => (await relay.Admin.LinesAsync()).Contains(line));
        await relay.Admin.UntilAsync(line);
    }

    /// <summary>Lets the hanging version go on, and waits until it is unloaded.</summary>
    private static async Task ComesBackAsync(RelayServer relay)
    {
        AppContext.SetData("relay.back", Mark);
        try
        {
            await relay.Admin.UntilAsync("1.1.0 quarantined");
        }
        finally
        {
            AppContext.SetData("relay.back", null);
        }
    }

    /// <summary>Waits until the plugin hangs, then lets time pass until that is seen.</summary>
    private async Task HangsAsync(string fault, Func<Task<bool>> isSeen)
    {
        await TestServer.UntilAsync(() => AppContext.GetData("relay.hangs") as string == fault, "the plugin hangs");
        for (int i = 0; i < 1200 && !await isSeen(); i++)
        {
            _clock.Advance(TooLong);
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task With_nothing_before_it_a_failing_step_ends_its_requests_and_the_model_is_built_anew()
    {
        await using RelayServer relay = await RelayServer.StartAsync(options: "{ fault: step, after: 4, delay: 1 }");
        ServedModel model = relay.Server.Model;
        // It is tried again once: what failed may not have been the request's doing.
        Reply failed = await relay.Server.PostAsync("/v1/completions", new { prompt = "a", max_tokens = 100, temperature = 0 });
        failed.Error(500, null, "model 'relay' has failed: RelayException: no step today");
        await TestServer.UntilAsync(() => model.Generation == 3, "it was built anew");
        Assert.Equal("bcd", await relay.AskAsync());
        Assert.Equal(2, await relay.MetricAsync("tessera_engine_faults_total{model=\"relay\"}"));
    }

    [Fact]
    public async Task A_plugin_that_cannot_read_a_request_fails_that_request_alone()
    {
        await using RelayServer relay = await RelayServer.StartAsync(options: "{ fault: encode, after: 1, delay: 1 }");
        Assert.Equal("bcd", await relay.AskAsync());
        (await relay.Server.PostAsync("/v1/completions", new { prompt = "a", max_tokens = 3 })).Error(500, null, "RelayException: no ids today");
        // Ids need no tokenizer, but for their text.
        Assert.Equal("bcd", (await relay.Server.PostAsync("/v1/completions", new { prompt = new[] { 0 }, max_tokens = 3, temperature = 0 })).Ok().Content());
    }

    [Theory]
    [InlineData("leak", "ProcessExit", "TestRelayPlugin.OnExit")]
    [InlineData("leak-context", "System.AppContext.", "LoadContext")]
    public async Task A_leak_of_the_assembly_or_the_load_context_alone_is_reported_with_what_holds_it(string fault, string holder, string held)
    {
        await using RelayServer relay = await RelayServer.StartAsync("probationSeconds: 0\n  drainSeconds: 0");
        try
        {
            await relay.Admin.InstallAndActivateAsync(Relay.Version(relay.Folder, "1.1.0", fault), "1.1.0");
            WeakReference assembly = relay.Server.Host.Plugins.Get(Relay.Id).Assembly;
            await relay.Admin.InstallAndActivateAsync(Relay.Version(relay.Folder, "1.2.0"), "1.2.0");
            await relay.Admin.UntilAsync("1.1.0 leaked");
            Assert.Equal(fault == "leak", assembly.IsAlive);
            string leak = Assert.Single(await relay.Admin.ListAsync(), l => l.GetProperty("state").GetString() == "leaked").GetProperty("leak").GetString()!;
            Assert.Contains(holder, leak, StringComparison.Ordinal);
            Assert.Contains(held, leak, StringComparison.Ordinal);
            await relay.UntilMetricAsync("tessera_plugin_leaks_total{plugin=\"test.relay\"}", 1);
        }
        finally
        {
            AppContext.SetData("relay.context", null);
        }
    }
}
