using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.LifeCycle;

/// <summary>host.yaml is edited while requests run.</summary>
[Collection(RelayCollection.Name)]
public sealed class ReloadTests
{
    [Fact]
    public async Task Options_models_and_the_default_change_and_streams_go_on()
    {
        await using RelayServer relay = await RelayServer.StartAsync();
        RelayStream[] streams = await relay.StreamsAsync(4, 600);
        WeakReference old = relay.Server.Host.Plugins.Get(Relay.Id).Assembly;
        Write(relay, Relay.Yaml(relay.Port, options: "{ step: 4 }", models: ", { name: second, path: relay.bin }").Replace("default: relay", "default: second", StringComparison.Ordinal));
        await AppliedAsync(relay, 1);
        Assert.Equal("eim", await relay.AskAsync());
        Assert.Equal("second", relay.Server.Host.Registry.DefaultName);
        Assert.Equal("eim", (await relay.Server.PostAsync("/v1/completions", new { model = "relay", prompt = "a", max_tokens = 3, temperature = 0 })).Ok().Content());
        foreach (RelayStream stream in streams)
            Assert.Equal(Relay.Expect(stream.Prompt, 600), await stream.Text);
        await TestServer.UntilAsync(() => !old.IsAlive, "the plugin as it was is gone");

        // What is not named any more ends with its last request.
        RelayStream last = (await relay.StreamsAsync(1, 300))[0];
        Write(relay, Relay.Yaml(relay.Port, options: "{ step: 4 }"));
        await AppliedAsync(relay, 2);
        (await relay.Server.PostAsync("/v1/completions", new { model = "second", prompt = "a" })).Error(404, "model");
        Assert.Equal(Relay.Expect('a', 300, 4), await last.Text);
    }

    [Fact]
    public async Task What_is_wrong_changes_nothing_and_what_is_mended_counts()
    {
        await using RelayServer relay = await RelayServer.StartAsync();
        string[] wrong =
        [
            Relay.Yaml(relay.Port, options: "{ step: 26 }"),
            Relay.Yaml(relay.Port, options: "{ step: 2, stp: 2 }"),
            Relay.Yaml(relay.Port) + "\nmodells: {}\n",
            "server: {",
            Relay.Yaml(relay.Port, options: "{ step: 2 }", models: ", { name: more, path: nowhere.bin }"),
            // Valid as a text; the plugin cannot be made so, and with it nothing else counts.
            Relay.Yaml(relay.Port, options: "{ fault: configure }", models: ", { name: more, path: relay.bin }"),
            Relay.Yaml(relay.Port, options: "{ fault: wrong }", models: ", { name: more, path: relay.bin }"),
        ];
        for (int i = 0; i < wrong.Length; i++)
        {
            Write(relay, wrong[i]);
            await UntilAsync(relay, "refused", i + 1);
            Assert.Equal("bcd", await relay.AskAsync());
            Assert.Equal(["relay"], relay.Server.Host.Registry.Models.Select(m => m.Name));
            Assert.Equal(1, relay.Server.Model.Generation);
        }
        Write(relay, Relay.Yaml(relay.Port, options: "{ step: 2 }", models: ", { name: more, path: relay.bin }"));
        await AppliedAsync(relay, 1);
        Assert.Equal("ceg", await relay.AskAsync());
        Assert.Equal(["relay", "more"], relay.Server.Host.Registry.Models.Select(m => m.Name));
    }

    [Fact]
    public async Task A_file_that_is_renamed_over_it_or_takes_its_place_counts()
    {
        await using RelayServer relay = await RelayServer.StartAsync();
        // A rename over it.
        File.WriteAllText(relay.File + ".new", Relay.Yaml(relay.Port, options: "{ step: 2 }"));
        File.Move(relay.File + ".new", relay.File, overwrite: true);
        await AppliedAsync(relay, 1);
        Assert.Equal("ceg", await relay.AskAsync());

        // Moved away first, as some editors do.
        File.Move(relay.File, relay.File + "~");
        File.WriteAllText(relay.File, Relay.Yaml(relay.Port, options: "{ step: 3 }"));
        await AppliedAsync(relay, 2);
        Assert.Equal("dgj", await relay.AskAsync());
        Assert.Equal(0, await relay.MetricAsync("tessera_configuration_reloads_total{result=\"refused\"}"));
    }

    [Fact]
    public async Task What_needs_a_restart_waits_and_the_rest_counts()
    {
        await using RelayServer relay = await RelayServer.StartAsync();
        Write(relay, Relay.Yaml(Relay.FreePort(), options: "{ step: 2 }").Replace("threads: 1", "threads: 2, maxSequences: 8", StringComparison.Ordinal));
        await AppliedAsync(relay, 1);
        Assert.Equal("ceg", await relay.AskAsync());
        await TestServer.UntilAsync(() => relay.Server.Host.Plugins.Retired.Count == 0, "the options have proved themselves");
        Assert.Equal(["1.0.0 active"], await relay.Admin.LinesAsync());
        Assert.Equal(8, relay.Server.Model.Acquire().Composition.Limits.MaxSequences);
    }

    private static void Write(RelayServer relay, string yaml) => File.WriteAllText(relay.File, yaml);

    private static Task AppliedAsync(RelayServer relay, int times) => UntilAsync(relay, "applied", times);

    private static async Task UntilAsync(RelayServer relay, string result, int times)
    {
        double found = 0;
        for (int i = 0; i < 4800; i++)
        {
            found = await relay.MetricAsync($"tessera_configuration_reloads_total{{result=\"{result}\"}}");
            if (found >= times)
                break;
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }
        Assert.Equal(times, found);
    }
}
