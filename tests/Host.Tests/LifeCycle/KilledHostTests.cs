using Tessera.Host.Plugins;
using Tessera.Host.Plugins.Packages;
using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.LifeCycle;

/// <summary>A host that is killed at any point of a plugin's life starts again on the last-known-good version.</summary>
public sealed class KilledHostTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly int _port = Relay.FreePort();

    private PluginStore Store => new(Path.Combine(_folder.Path, "store"));

    private RelayProcess? _host;

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Killed_in_each_state_before_it_has_proved_itself_a_version_is_forgotten()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGKILL");
        string file = Relay.Write(_folder, _port, "probationSeconds: 600\n  stuckSeconds: 600");
        RelayProcess host = _host = await RelayProcess.StartAsync(file, _port);

        // Staged: installed, and half installed.
        await host.Admin.InstallAsync(Relay.Version(_folder, "1.1.0", step: 2));
        Directory.CreateDirectory(Path.Combine(Store.Folder, ".staging", "half"));
        Directory.SetLastWriteTimeUtc(Path.Combine(Store.Folder, ".staging", "half"), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        host = await AgainAsync(host, file, "1.1.0 staged");
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(Store.Folder, ".staging")));

        // Verified: its code is being loaded and does not come back.
        await host.Admin.InstallAsync(Relay.Version(_folder, "1.2.0", "hang-configure"));
        await PendingAsync(host, "1.2.0", GenerationState.Verified);
        host = await AgainAsync(host, file, "1.2.0 staged");

        // Loaded: the canary begins in the same moment, so the journal is written as it stands between the two.
        await host.KillAsync();
        await host.DisposeAsync();
        Store.Update(Relay.Id, r => r.Try(Store.Find($"{Relay.Id}@1.1.0").Version, GenerationState.Loaded));
        host = _host = await RelayProcess.StartAsync(file, _port);
        await CheckAsync(host, "1.1.0 staged");

        // Canary: it is being tried.
        await host.Admin.InstallAsync(Relay.Version(_folder, "1.3.0", "hang-canary"));
        await PendingAsync(host, "1.3.0", GenerationState.Canary);
        host = await AgainAsync(host, file, "1.3.0 staged");

        // Active, and on probation.
        await host.Admin.DoAsync("activate", $"{Relay.Id}@1.1.0");
        Assert.Equal("ceg", await host.AskAsync());
        Assert.Equal(GenerationState.Active, Store.Read().Of(Relay.Id).PendingState);
        host = await AgainAsync(host, file, "1.1.0 staged");

        // Quarantined.
        await host.Admin.InstallAsync(Relay.Version(_folder, "1.4.0", "configure"));
        await host.Admin.RefusedAsync("activate", $"{Relay.Id}@1.4.0");
        host = await AgainAsync(host, file, "1.4.0 quarantined");
    }

    [Fact]
    public async Task Killed_in_each_state_after_that_the_new_version_is_the_one()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGKILL");
        string file = Relay.Write(_folder, _port, "probationSeconds: 0\n  stuckSeconds: 8\n  drainSeconds: 600");
        RelayProcess host = _host = await RelayProcess.StartAsync(file, _port);

        // Draining: a stream runs on the one before.
        RelayStream stream = RelayStream.Start(host.Client, 'a', 5000);
        await TestServer.UntilAsync(() => stream.Length > 0, "it runs");
        await host.Admin.InstallAndActivateAsync(Relay.Version(_folder, "1.1.0", "hang-dispose", step: 2), "1.1.0");
        Assert.Contains("1.0.0 draining", await host.Admin.LinesAsync());
        host = await AgainAsync(host, file, "1.1.0 active", "ceg");
        await Assert.ThrowsAnyAsync<Exception>(() => stream.Text);

        // Stuck: the one before does not let itself be disposed.
        await host.Admin.InstallAndActivateAsync(Relay.Version(_folder, "1.2.0", "leak", step: 3), "1.2.0");
        await host.Admin.UntilAsync("1.1.0 stuck", 60);
        host = await AgainAsync(host, file, "1.2.0 active", "dgj");

        // Leaked: the one before does not die.
        await host.Admin.InstallAndActivateAsync(Relay.Version(_folder, "1.3.0", step: 4), "1.3.0");
        await host.Admin.UntilAsync("1.2.0 leaked", 60);
        host = await AgainAsync(host, file, "1.3.0 active", "eim");

        // Unloaded.
        await host.Admin.DoAsync("activate", $"{Relay.Id}@1.2.0");
        await host.Admin.UntilAsync("1.3.0 staged", 60);
        host = await AgainAsync(host, file, "1.2.0 active", "dgj");
    }

    [Fact]
    public async Task The_log_has_what_administrators_do_exceptions_on_plugins_own_threads_and_an_edited_file_that_is_wrong()
    {
        string file = Relay.Write(_folder, _port, options: "{ fault: background }");
        await using RelayProcess host = await RelayProcess.StartAsync(file, _port);
        Assert.Equal("bcd", await host.AskAsync());
        File.AppendAllText(file, "\nmodells: {}\n");
        await host.UntilMetricAsync("tessera_configuration_reloads_total{result=\"refused\"} 1");
        Assert.Equal("bcd", await host.AskAsync());
        await host.Admin.InstallAsync(Relay.Version(_folder, "1.1.0"));
        await host.Admin.RefusedAsync("activate", $"{Relay.Id}@9.9.9");
        using (AdminClient stranger = new(_port, "guess"))
            await Assert.ThrowsAsync<HttpRequestException>(() => stranger.ListAsync());
        (int code, string errors) = await host.StopAsync();
        Assert.Equal(0, code);
        Assert.Matches(@"admin \S+: install test\.relay 1\.1\.0 \([0-9a-f]{12}\): done", errors);
        Assert.Matches(@"admin \S+: activate test\.relay@9\.9\.9: 'test\.relay@9\.9\.9' names no package", errors);
        Assert.Matches(@"admin \S+: GET /admin/plugins: without the token", errors);
        Assert.Contains("a thread of it has ended with RelayException: alone on a thread", errors, StringComparison.Ordinal);
        Assert.Contains("host.yaml is not put in force; everything is as it was: host.yaml:", errors, StringComparison.Ordinal);
        Assert.Contains("modells: unknown key; did you mean 'models'?", errors, StringComparison.Ordinal);
    }

    private async Task PendingAsync(RelayProcess host, string version, GenerationState state)
    {
        _ = host.Admin.DoAsync("activate", $"{Relay.Id}@{version}").ContinueWith(static t => t.Exception, TaskScheduler.Default);
        await RelayProcess.UntilPendingAsync(Store, state);
    }

    private async Task<RelayProcess> AgainAsync(RelayProcess host, string file, string line, string answer = "bcd")
    {
        await host.KillAsync();
        await host.DisposeAsync();
        RelayProcess next = _host = await RelayProcess.StartAsync(file, _port);
        await CheckAsync(next, line, answer);
        return next;
    }

    private async Task CheckAsync(RelayProcess host, string line, string answer = "bcd")
    {
        Assert.Equal(answer, await host.AskAsync());
        string[] lines = await host.Admin.LinesAsync();
        Assert.Contains(line, lines);
        Assert.Single(lines, l => l.EndsWith(" active", StringComparison.Ordinal));
        PluginRecord record = Store.Read().Of(Relay.Id);
        Assert.Equal((null, null), (record.Pending, record.PendingState));
    }
}
