using Tessera.Host.Files;
using Tessera.Host.Plugins.Packages;
using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.LifeCycle;

/// <summary>A host in this process that serves the relay model.</summary>
internal sealed class RelayServer : IAsyncDisposable
{
    private RelayServer(TemporaryFolder folder, TestServer server, int port, string file)
    {
        (Folder, Server, Port, File) = (folder, server, port, file);
        Admin = new AdminClient(port, Relay.Token);
    }

    public TemporaryFolder Folder { get; }

    public TestServer Server { get; }

    public AdminClient Admin { get; }

    public int Port { get; }

    public string File { get; }

    public PluginStore Store => new(Path.Combine(Folder.Path, "store"));

    public static async Task<RelayServer> StartAsync(string plugins = "", string more = "", string options = "{ delay: 3 }", string models = "", FileProgress? progress = null, TimeProvider? pluginClock = null)
    {
        TemporaryFolder folder = new();
        int port = Relay.FreePort();
        string file = Relay.Write(folder, port, plugins, more, options, models);
        return new RelayServer(folder, await TestServer.StartAsync(folder, file, Path.Combine(folder.Path, "relay.bin"), progress, pluginClock), port, file);
    }

    /// <summary>Streams that have begun.</summary>
    public async Task<RelayStream[]> StreamsAsync(int count, int tokens)
    {
        RelayStream[] streams = [.. Enumerable.Range(0, count).Select(i => RelayStream.Start(Server.Client, (char)('a' + i % 26), tokens))];
        await TestServer.UntilAsync(() => streams.All(s => s.Length > 0 || s.Text.IsCompleted), "all streams run");
        return streams;
    }

    public async Task<string> AskAsync(int tokens = 3) => (await Server.PostAsync("/v1/completions", new { prompt = "a", max_tokens = tokens, temperature = 0 })).Ok().Content();

    /// <summary>A metric's value; 0 where it has no line.</summary>
    public async Task<double> MetricAsync(string series)
    {
        string text = (await Server.GetAsync("/metrics")).Text;
        string? line = text.Split('\n').FirstOrDefault(l => l.StartsWith(series + " ", StringComparison.Ordinal));
        return line is null ? 0 : double.Parse(line[(series.Length + 1)..], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Waits until a metric has come to a value.</summary>
    public async Task UntilMetricAsync(string series, double value)
    {
        double found = 0;
        for (int i = 0; i < 4800 && found < value; i++)
        {
            found = await MetricAsync(series);
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }
        Assert.Equal(value, found);
    }

    public async ValueTask DisposeAsync()
    {
        Admin.Dispose();
        await Server.DisposeAsync();
    }
}
