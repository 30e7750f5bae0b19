using Tessera.Host.Models;
using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.LifeCycle;

/// <summary>What still runs at the drain deadline goes on with the new composition.</summary>
[Collection(RelayCollection.Name)]
public sealed class MigrationTests
{
    private const int Streams = 8, Tokens = 900;

    [Theory]
    [InlineData("drainSeconds: 1", null)]
    [InlineData("drainSeconds: 600", 1)]
    public async Task At_the_deadline_of_host_or_manifest_streams_go_on_with_the_new_composition_and_the_old_one_is_unloaded(string host, int? manifest)
    {
        int reads = 0;
        await using RelayServer relay = await RelayServer.StartAsync($"{host}\n  probationSeconds: 0", "files: { mmap: false }", progress: (_, done, total) => reads += done == total ? 1 : 0, options: "");
        await relay.Admin.InstallAndActivateAsync(Relay.Version(relay.Folder, "1.1.0", drain: manifest, mark: 1), "1.1.0");
        Assert.Equal(1, reads);
        RelayStream[] streams = await relay.StreamsAsync(Streams, Tokens);
        WeakReference old = relay.Server.Host.Plugins.Get(Relay.Id).Assembly;
        using RelayHold hold = new(1);
        await relay.Admin.InstallAndActivateAsync(Relay.Version(relay.Folder, "1.2.0", delay: 0, mark: 2), "1.2.0");
        Assert.Contains("1.1.0 draining", await relay.Admin.LinesAsync());
        Assert.Equal(1, await relay.MetricAsync("tessera_compositions_draining{model=\"relay\"}"));
        Assert.Equal(1, await relay.MetricAsync($"tessera_plugin_generations{{plugin=\"{Relay.Id}\",state=\"draining\"}}"));

        // At the deadline they are computed again on the new one, which waits for us; nothing needs the old one any more.
        RelayHold.Of(2);
        await RelayHold.UntilHeldAsync(2);
        await TestServer.UntilAsync(() => relay.Server.Model.Draining == 0, "the old composition is gone");
        await TestServer.UntilAsync(() => !old.IsAlive, "the old assembly is collected");
        Assert.All(streams, s => Assert.False(s.Text.IsCompleted, "a stream has ended before"));
        hold.Dispose();
        foreach (RelayStream stream in streams)
        {
            Assert.Equal(Relay.Expect(stream.Prompt, Tokens), await stream.Text);
            Assert.Equal(1, stream.Migrations);
        }
        Assert.Equal(Streams, await relay.MetricAsync("tessera_sequences_migrated_total{model=\"relay\"}"));
        // The version of the folder, and the one between.
        await relay.UntilMetricAsync("tessera_plugin_drain_seconds_count", 2);
        Assert.Equal(1, reads);
    }

    [Fact]
    public async Task Before_the_deadline_streams_end_on_the_composition_that_they_began_with()
    {
        await using RelayServer relay = await RelayServer.StartAsync("drainSeconds: 600");
        RelayStream[] streams = await relay.StreamsAsync(Streams, 300);
        using RelayHold hold = new(0);
        await relay.Admin.InstallAndActivateAsync(Relay.Version(relay.Folder, "1.1.0", step: 5, mark: 1), "1.1.0");
        Assert.Equal(Relay.Expect('a', 3, 5), await relay.AskAsync());
        Assert.Equal(1, relay.Server.Model.Draining);
        hold.Dispose();
        foreach (RelayStream stream in streams)
        {
            Assert.Equal(Relay.Expect(stream.Prompt, 300), await stream.Text);
            Assert.Equal(0, stream.Migrations);
        }
        await TestServer.UntilAsync(() => relay.Server.Model.Draining == 0, "the old composition is gone");
    }

    [Fact]
    public async Task Embeddings_go_on_with_the_new_composition_and_hold_nothing_of_the_old_one()
    {
        await using RelayServer relay = await RelayServer.StartAsync("drainSeconds: 0\n  probationSeconds: 0", options: "");
        // Longer than a step takes, and each step waits for us.
        using RelayHold hold = new(0);
        Task<Reply> embedding = relay.Server.PostAsync("/v1/embeddings", new { input = new string('a', 2000) + "c" });
        await RelayHold.UntilHeldAsync(0);
        WeakReference old = relay.Server.Host.Plugins.Get(Relay.Id).Assembly;
        await relay.Admin.InstallAndActivateAsync(Relay.Version(relay.Folder, "1.1.0", step: 2, delay: 0, mark: 1), "1.1.0");
        RelayHold.Of(1);
        await RelayHold.UntilHeldAsync(1);
        await TestServer.UntilAsync(() => relay.Server.Model.Draining == 0 && !old.IsAlive, "the old composition and its assembly are gone");
        Assert.False(embedding.IsCompleted);
        hold.Dispose();
        float[] vector = [.. (await embedding).Ok().Json.GetProperty("data")[0].GetProperty("embedding").EnumerateArray().Select(v => v.GetSingle())];
        Assert.Equal(Enumerable.Range(0, 26).Select(i => i == 2 ? 1f : 0f), vector);
        Assert.Equal(1, await relay.MetricAsync("tessera_sequences_migrated_total{model=\"relay\"}"));
    }

    [Fact]
    public async Task Another_model_in_the_same_place_takes_nothing_over()
    {
        await using RelayServer relay = await RelayServer.StartAsync("drainSeconds: 0");
        RelayStream[] streams = await relay.StreamsAsync(2, 400);
        using (new RelayHold(0))
        {
            await relay.Server.Host.Registry.SwapAsync("relay", TestContext.Current.CancellationToken);
            Assert.Equal(1, relay.Server.Model.Draining);
        }
        foreach (RelayStream stream in streams)
        {
            Assert.Equal(Relay.Expect(stream.Prompt, 400), await stream.Text);
            Assert.Equal(0, stream.Migrations);
        }
    }

    [Fact]
    public async Task A_model_without_a_composition_is_tried_again_at_a_switch()
    {
        await using RelayServer relay = await RelayServer.StartAsync(models: ", { name: other, path: host.yaml }", options: "");
        Assert.Equal((ModelState.Failed, ModelState.Ready), (relay.Server.Host.Registry.Get("other").State, relay.Server.Model.State));
        // No switch mends it while the file is none; what can be composed is.
        await relay.Admin.InstallAndActivateAsync(Relay.Version(relay.Folder, "1.0.1"), "1.0.1");
        Assert.Equal((ModelState.Failed, ModelState.Ready), (relay.Server.Host.Registry.Get("other").State, relay.Server.Model.State));
        File.WriteAllBytes(relay.File, Relay.Model());
        await relay.Admin.InstallAndActivateAsync(Relay.Version(relay.Folder, "1.1.0"), "1.1.0");
        Assert.Equal(ModelState.Ready, relay.Server.Host.Registry.Get("other").State);
        Assert.Equal("bcd", (await relay.Server.PostAsync("/v1/completions", new { model = "other", prompt = "a", max_tokens = 3, temperature = 0 })).Ok().Content());
    }
}
