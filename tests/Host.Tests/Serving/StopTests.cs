namespace Tessera.Host.Tests.Serving;

public sealed class StopTests
{
    [Fact]
    public async Task Stopping_lets_requests_finish_and_refuses_new_ones()
    {
        await using TestServer server = await TestServer.StartAsync();
        LiveStream running = new(await server.SendAsync("/v1/completions", new { prompt = "a", max_tokens = 4000, temperature = 0, stream = true }));
        Task<string> text = running.ReadAsync();
        await TestServer.UntilAsync(() => running.Length > 0, "it runs");
        Task stopped = server.Host.DisposeAsync().AsTask();
        (await server.PostAsync("/v1/completions", new { prompt = "a" })).Error(503, null, "stopping");
        Reply ready = await server.GetAsync("/ready");
        Assert.Equal((503, "stopping"), (ready.Status, ready.Json.GetProperty("status").GetString()));
        Assert.False(text.IsCompleted, "the stream ended before anything was shown");
        Assert.Equal(ChainModel.ExpectText('a', 4000), await text);
        await stopped;
        await Assert.ThrowsAsync<HttpRequestException>(() => server.GetAsync("/health"));
    }

    [Fact]
    public async Task SIGTERM_drains_the_process_and_ends_it_with_0()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGTERM");
        using TemporaryFolder folder = new();
        string config = folder.Write("host.yaml", TestServer.Yaml(folder.Write("chain.gguf", ChainModel.Bytes())));
        await using TesseraProcess tessera = TesseraProcess.Start("serve", "--config", config);
        string line = (await tessera.Output.ReadLineAsync(TestContext.Current.CancellationToken))!;
        Assert.StartsWith("listening on http://127.0.0.1:", line, StringComparison.Ordinal);
        using HttpClient client = new() { BaseAddress = new Uri(line["listening on ".Length..]) };
        for (int i = 0; i < 6000 && (await client.GetAsync("/ready", TestContext.Current.CancellationToken)).StatusCode != System.Net.HttpStatusCode.OK; i++)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        HttpRequestMessage request = new(HttpMethod.Post, "/v1/completions") { Content = new StringContent("{\"prompt\":\"a\",\"max_tokens\":3000,\"temperature\":0,\"stream\":true}") };
        LiveStream running = new(await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken));
        Task<string> text = running.ReadAsync();
        await TestServer.UntilAsync(() => running.Length > 0, "it runs");
        tessera.Signal("TERM");
        Assert.Equal(ChainModel.ExpectText('a', 3000), await text);
        Assert.Equal((0, ""), (await tessera.ExitAsync(), await tessera.Output.ReadToEndAsync(TestContext.Current.CancellationToken)));
        Assert.Contains("draining", await tessera.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_cannot_be_listened_on_is_one_clear_line()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TemporaryFolder folder = new();
        string config = folder.Write("host.yaml", TestServer.Yaml(server.ModelPath));
        foreach ((string url, string says) in new[] { (server.Client.BaseAddress!.ToString().TrimEnd('/'), "in use"), ("nonsense", "nonsense"), ("http://203.0.113.1:1", "203.0.113.1"), ("https://127.0.0.1:0", "https") })
        {
            Finished finished = await TesseraProcess.RunAsync("serve", "--config", config, "--urls", url);
            Assert.True(finished.Code == 1, $"{url}: {finished}");
            string line = Assert.Single(finished.Error.TrimEnd().Split('\n'), l => !l.Contains(" info: ", StringComparison.Ordinal));
            Assert.StartsWith("tessera: cannot listen on", line, StringComparison.Ordinal);
            Assert.Contains(says, line, StringComparison.OrdinalIgnoreCase);
        }
    }
}
