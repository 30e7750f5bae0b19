using System.Net.Http.Json;
using Tessera.Host.Plugins;
using Tessera.Host.Plugins.Packages;
using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.LifeCycle;

/// <summary>The executable, serving the relay model.</summary>
internal sealed class RelayProcess : IAsyncDisposable
{
    private readonly TesseraProcess _process;

    private RelayProcess(TesseraProcess process, string url, int port)
    {
        _process = process;
        Client = new HttpClient { BaseAddress = new Uri(url), Timeout = TimeSpan.FromMinutes(5) };
        Admin = new AdminClient(port, Relay.Token);
    }

    public HttpClient Client { get; }

    public AdminClient Admin { get; }

    /// <summary>Its memory that is in use, in bytes.</summary>
    public long ResidentBytes => _process.ResidentBytes;

    public static async Task<RelayProcess> StartAsync(string file, int port, params (string Name, string Value)[] environment)
    {
        TesseraProcess process = TesseraProcess.StartWith(environment, "serve", "--config", file);
        string line = await process.Output.ReadLineAsync(TestContext.Current.CancellationToken) ?? throw new InvalidOperationException(await process.Errors);
        RelayProcess relay = new(process, line["listening on ".Length..], port);
        for (int i = 0; i < 1200 && !(await relay.Client.GetAsync("/ready", TestContext.Current.CancellationToken)).IsSuccessStatusCode; i++)
            await Task.Delay(25, TestContext.Current.CancellationToken);
        return relay;
    }

    public async Task<string> AskAsync() =>
        (await Reply.ReadAsync(await Client.PostAsJsonAsync("/v1/completions", new { prompt = "a", max_tokens = 3, temperature = 0 }, TestContext.Current.CancellationToken))).Ok().Content();

    /// <summary>Waits until a line stands among the metrics.</summary>
    public async Task UntilMetricAsync(string line)
    {
        for (int i = 0; i < 4800; i++)
        {
            if ((await Client.GetStringAsync("/metrics", TestContext.Current.CancellationToken)).Split('\n').Contains(line))
                return;
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }
        Assert.Fail($"there is no metric '{line}'");
    }

    /// <summary>Ends it at once, whatever it does; all of standard error.</summary>
    public async Task<string> KillAsync()
    {
        _process.Signal("KILL");
        await _process.ExitAsync();
        return await _process.Errors;
    }

    /// <summary>Asks it to end; exit code and all of standard error.</summary>
    public async Task<(int Code, string Errors)> StopAsync()
    {
        _process.Signal("TERM");
        return (await _process.ExitAsync(), await _process.Errors);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Admin.Dispose();
        await _process.DisposeAsync();
    }

    /// <summary>Waits until the journal says how far a version has come.</summary>
    public static Task UntilJournalAsync(PluginStore store, Func<PluginRecord, bool> condition, string what) => TestServer.UntilAsync(() => condition(store.Read().Of(Relay.Id)), what);

    public static Task UntilPendingAsync(PluginStore store, GenerationState state) => UntilJournalAsync(store, r => r.PendingState == state, $"the journal says {state}");
}
