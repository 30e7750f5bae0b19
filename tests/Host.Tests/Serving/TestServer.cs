using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Tessera.Engine;
using Tessera.Host.Configuration;
using Tessera.Host.Files;
using Tessera.Host.Models;
using Tessera.Host.Serving;

namespace Tessera.Host.Tests.Serving;

/// <summary>A serving host in this process on a free port, with the first-party plugins of the build and the chain model.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    /// <summary>The tests write their file at once.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(100);

    private readonly TemporaryFolder _folder;

    private TestServer(TemporaryFolder folder, HostServer host, string model)
    {
        (_folder, Host, ModelPath) = (folder, host, model);
        Client = new HttpClient { BaseAddress = new Uri(host.Urls[0]), Timeout = TimeSpan.FromMinutes(5) };
    }

    /// <summary>The executable's folder: plugins, and the record of those that the build trusts.</summary>
    public static string Executable { get; } =
        Path.Combine(Shared.RepositoryRoot, "Host", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0");

    public HostServer Host { get; }

    public HttpClient Client { get; }

    public string ModelPath { get; }

    public ServedModel Model => Host.Registry.Get(null);

    /// <summary>What the engine that answers now is busy with.</summary>
    public EngineLoad Load
    {
        get
        {
            using EngineLease lease = Model.Acquire();
            return lease.Engine.Load;
        }
    }

    /// <summary>Starts a server.</summary>
    /// <param name="server">Further keys of section <c>server</c>.</param>
    /// <param name="more">Further sections.</param>
    /// <param name="model">The model's bytes; null: the chain model's.</param>
    /// <param name="path">A model file elsewhere.</param>
    /// <param name="wait">Wait until the models are loaded.</param>
    /// <param name="progress">Told about reading files.</param>
    /// <param name="plugins">Further keys of section <c>plugins</c>.</param>
    /// <param name="keys">Further keys of the model.</param>
    public static async Task<TestServer> StartAsync(string server = "", string more = "", byte[]? model = null, string? path = null, bool wait = true, FileProgress? progress = null, string plugins = "", string keys = "")
    {
        TemporaryFolder folder = new();
        path ??= folder.Write("chain.gguf", model ?? ChainModel.Bytes());
        string file = folder.Write("host.yaml", Yaml(path, server, more, plugins, keys));
        HostConfiguration configuration = new ConfigurationLoader { Environment = new Dictionary<string, string>() }.Load(file);
        HostServer host = await HostServer.StartAsync(configuration, Executable, LogLevel.Critical, progress);
        if (wait)
            await host.Loading;
        return new TestServer(folder, host, path);
    }

    /// <summary>Starts a server by a configuration of the caller's own, which it follows when the file changes.</summary>
    public static async Task<TestServer> StartAsync(TemporaryFolder folder, string file, string model, FileProgress? progress = null, TimeProvider? pluginClock = null)
    {
        HostConfiguration Read() => new ConfigurationLoader { Environment = new Dictionary<string, string>() }.Load(file);
        HostServer host = await HostServer.StartAsync(Read(), Executable, LogLevel.Critical, progress, Read, pluginClock, Settle);
        await host.Loading;
        return new TestServer(folder, host, model);
    }

    public static string Yaml(string model, string server = "", string more = "", string plugins = "", string keys = "") =>
        $$"""
        server: { urls: ["http://127.0.0.1:0"]{{(server.Length > 0 ? ", " + server : "")}} }
        plugins: { folder: "{{Path.Combine(Executable, "plugins")}}", load: [format.gguf, quant.ggml, quant.fp8nf4, kernels.cpu, tokenizer.spm, tokenizer.bpe{{(keys.Contains("decoding") ? ", spec.decoding" : "")}}{{(keys.Contains("kernels.metal") ? ", kernels.metal" : "")}}]{{(plugins.Length > 0 ? ", " + plugins : "")}} }
        models: { default: chain, list: [ { name: chain, path: "{{model}}"{{(keys.Length > 0 ? ", " + keys : "")}} } ] }
        kv: { memory: 256MiB }
        {{more}}
        """;

    public Task<Reply> PostAsync(string path, object body) => PostAsync(path, JsonContent.Create(body));

    public Task<Reply> PostTextAsync(string path, string body, string type = "application/json") => PostAsync(path, new StringContent(body, Encoding.UTF8, type));

    public async Task<Reply> PostAsync(string path, HttpContent content) => await Reply.ReadAsync(await Client.PostAsync(path, content, TestContext.Current.CancellationToken));

    public async Task<Reply> GetAsync(string path) => await Reply.ReadAsync(await Client.GetAsync(path, TestContext.Current.CancellationToken));

    /// <summary>Reads a whole stream.</summary>
    public async Task<EventLog> StreamAsync(string path, object body)
    {
        using HttpResponseMessage response = await SendAsync(path, body);
        return EventLog.Parse(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Begins a stream.</summary>
    public async Task<HttpResponseMessage> SendAsync(string path, object body)
    {
        HttpRequestMessage request = new(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        HttpResponseMessage response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode}: {(response.IsSuccessStatusCode ? "" : await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))}");
        Assert.Equal("text/event-stream; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        return response;
    }

    /// <summary>Waits for something to become true; fails after a time that only a hang exceeds.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what, int seconds = 60)
    {
        for (int i = 0; i < seconds * 100; i++)
        {
            if (condition())
                return;
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
        Assert.Fail($"after {seconds} s still not: {what}");
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        Client.Dispose();
        _folder.Dispose();
    }
}

/// <summary>A server that the tests of a class share.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    internal TestServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

/// <summary>Tests that use the machine's cores themselves, measure time or memory, or stand in for what the whole process has one of: one after another, and nothing beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ServingCollection
{
    public const string Name = "serving";
}
