using Microsoft.Extensions.Time.Testing;
using Tessera.Host.Plugins.Packages;
using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.LifeCycle;

/// <summary>What is done while the store's journal cannot be written is what the answer says.</summary>
[Collection(RelayCollection.Name)]
public sealed class JournalTests
{
    private const string Proven = "tessera_plugin_switches_total{plugin=\"test.relay\",result=\"proven\"}", RolledBack = "tessera_plugin_switches_total{plugin=\"test.relay\",result=\"rolled_back\"}";

    [Theory]
    [InlineData(0)]
    [InlineData(600)]
    public async Task A_switch_that_cannot_be_written_down_does_not_happen(int probation)
    {
        await using RelayServer relay = await RelayServer.StartAsync($"probationSeconds: {probation}");
        await relay.Admin.InstallAsync(Relay.Version(relay.Folder, "1.1.0", step: 2));
        using Journal journal = new(relay.Store);
        // When its compositions are built, and nothing is left but to write it down and to switch.
        AppContext.SetData("relay.built", (Action)journal.Break);
        Assert.Contains("state.json: cannot be written: ", await relay.Admin.RefusedAsync("activate", $"{Relay.Id}@1.1.0"), StringComparison.Ordinal);
        AppContext.SetData("relay.built", null);
        Assert.Equal("bcd", await relay.AskAsync());
        Assert.Contains("1.0.0 active", await relay.Admin.LinesAsync());
        await TestServer.UntilAsync(() => relay.Server.Host.Plugins.Retired.Count == 0, "what was tried is gone");
        journal.Mend();
        await relay.Admin.DoAsync("activate", $"{Relay.Id}@1.1.0");
        Assert.Equal("ceg", await relay.AskAsync());
        PluginRecord record = relay.Store.Read().Of(Relay.Id);
        Assert.Equal("1.1.0", (probation == 0 ? record.Active : record.Pending)?.Version);
    }

    [Fact]
    public async Task A_version_is_on_probation_until_it_is_written_down_that_it_did_well()
    {
        FakeTimeProvider clock = new();
        await using RelayServer relay = await RelayServer.StartAsync("probationSeconds: 600", pluginClock: clock);
        await relay.Admin.InstallAndActivateAsync(Relay.Version(relay.Folder, "1.1.0", step: 2), "1.1.0");
        using Journal journal = new(relay.Store);
        journal.Break();
        clock.Advance(TimeSpan.FromSeconds(600));
        await journal.UntilTriedAsync();
        Assert.Equal(0, await relay.MetricAsync(Proven));
        Assert.True(Assert.Single(await relay.Admin.ListAsync(), l => l.GetProperty("version").GetString() == "1.1.0").GetProperty("probation").GetBoolean());
        Assert.Equal("ceg", await relay.AskAsync());
        journal.Mend();
        await relay.UntilMetricAsync(Proven, 1);
        Assert.Equal("1.1.0", relay.Store.Read().Of(Relay.Id).Active?.Version);
        await TestServer.UntilAsync(() => relay.Server.Host.Plugins.Retired.Count == 0, "the one before is gone");
    }

    [Fact]
    public async Task A_version_that_does_badly_gives_way_whether_that_can_be_written_down_or_not()
    {
        await using RelayServer relay = await RelayServer.StartAsync("probationSeconds: 600\n  drainSeconds: 0");
        await relay.Admin.InstallAndActivateAsync(Relay.Version(relay.Folder, "1.1.0", "step", after: 30), "1.1.0");
        using Journal journal = new(relay.Store);
        journal.Break();
        foreach (RelayStream stream in await relay.StreamsAsync(3, 200))
            Assert.Equal(Relay.Expect(stream.Prompt, 200), await stream.Text);
        await relay.UntilMetricAsync(RolledBack, 1);
        Assert.Contains("1.0.0 active", await relay.Admin.LinesAsync());
        journal.Mend();
        // A host that starts now starts on the one before, too.
        Assert.Null(relay.Store.Read().Of(Relay.Id).Active);
    }

    [Fact]
    public async Task An_edit_whose_new_version_cannot_be_written_down_changes_nothing_and_the_next_one_counts()
    {
        await using RelayServer relay = await RelayServer.StartAsync("probationSeconds: 600");
        Relay.Replace(relay.Folder, Relay.Version(relay.Folder, "1.1.0", step: 2));
        using Journal journal = new(relay.Store);
        journal.Break();
        Edit(relay, 1);
        await relay.UntilMetricAsync("tessera_configuration_reloads_total{result=\"refused\"}", 1);
        Assert.Equal("bcd", await relay.AskAsync());
        await TestServer.UntilAsync(() => relay.Server.Host.Plugins.Retired.Count == 0, "what was tried is gone");
        journal.Mend();
        Edit(relay, 2);
        await relay.UntilMetricAsync("tessera_configuration_reloads_total{result=\"applied\"}", 1);
        Assert.Equal("ceg", await relay.AskAsync());
    }

    private static void Edit(RelayServer relay, int number) => File.WriteAllText(relay.File, Relay.Yaml(relay.Port, "probationSeconds: 600") + $"\n# {number}");

    /// <summary>The journal of a store, which a folder can take the place of.</summary>
    private sealed class Journal : IDisposable
    {
        private readonly string _path;
        private readonly string _lock;
        private readonly FileSystemWatcher _watcher;
        private readonly TaskCompletionSource _tried = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private byte[]? _kept;

        public Journal(PluginStore store)
        {
            Directory.CreateDirectory(store.Folder);
            (_path, _lock) = (Path.Combine(store.Folder, "state.json"), Path.Combine(store.Folder, ".lock"));
            _watcher = new FileSystemWatcher(store.Folder);
        }

        public void Break()
        {
            _kept = File.Exists(_path) ? File.ReadAllBytes(_path) : null;
            File.Delete(_path);
            Directory.CreateDirectory(_path);
            _watcher.Created += (_, e) => _ = e.Name!.StartsWith("state.json.", StringComparison.Ordinal) && _tried.TrySetResult();
            _watcher.EnableRaisingEvents = true;
        }

        public Task UntilTriedAsync() => _tried.Task.WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);

        /// <summary>As it was; not while somebody is at it.</summary>
        public void Mend()
        {
            FileStream? turn = null;
            SpinWait.SpinUntil(() => (turn = TryLock()) is not null);
            using (turn)
            {
                Directory.Delete(_path);
                if (_kept is not null)
                    File.WriteAllBytes(_path, _kept);
            }
        }

        public void Dispose()
        {
            AppContext.SetData("relay.built", null);
            _watcher.Dispose();
        }

        private FileStream? TryLock()
        {
            try
            {
                return new FileStream(_lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                return null;
            }
        }
    }
}
