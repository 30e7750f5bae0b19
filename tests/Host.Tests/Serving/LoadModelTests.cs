using System.Net;
using Microsoft.AspNetCore.Http;
using Tessera.Host.Api;
using Tessera.Host.Configuration;

namespace Tessera.Host.Tests.Serving;

public sealed class LoadModelTests
{
    private const int Streams = 8, Tokens = 3000;

    [Fact]
    public async Task A_swap_under_load_answers_while_every_old_stream_goes_on_to_its_own_end()
    {
        await using TestServer server = await TestServer.StartAsync();
        Task<string>[] streams = new Task<string>[Streams];
        LiveStream[] live = new LiveStream[Streams];
        for (int i = 0; i < Streams; i++)
        {
            live[i] = new LiveStream(await server.SendAsync("/v1/completions", Body(i, stream: true)));
            streams[i] = live[i].ReadAsync();
        }
        await TestServer.UntilAsync(() => live.All(s => s.Length > 0), "all streams run");
        // The new file has other weights beside the chain's: the new composition really reads it.
        File.Move(Beside(server.ModelPath, ChainModel.Bytes(seed: 2)), server.ModelPath, overwrite: true);
        Reply loaded = (await server.PostAsync("/v1/load_model", new { model = "chain" })).Ok();
        Assert.Equal((2, "ready"), (loaded.Json.GetProperty("generation").GetInt32(), loaded.Json.GetProperty("status").GetString()));
        Assert.Equal(1, server.Model.Draining);
        Assert.Equal("def", (await server.PostAsync("/v1/completions", new { prompt = "abc", max_tokens = 3, temperature = 0 })).Ok().Content());
        int[] lengths = [.. live.Select(s => s.Length)];
        string[] texts = await Task.WhenAll(streams);
        for (int i = 0; i < Streams; i++)
        {
            Assert.True(texts[i].Length > lengths[i], $"stream {i} had ended ({lengths[i]} characters) before the new composition answered");
            Assert.Equal(ChainModel.ExpectText('a' + i, Tokens), texts[i]);
        }
        await TestServer.UntilAsync(() => server.Model.Draining == 0, "the old engine is gone");
    }

    [Fact]
    public async Task Loads_at_once_take_turns_and_requests_are_answered_all_the_while()
    {
        await using TestServer server = await TestServer.StartAsync();
        Task<Reply>[] loads = [.. Enumerable.Range(0, 4).Select(_ => server.PostAsync("/v1/load_model", new { model = "chain" }))];
        Task all = Task.WhenAll(loads);
        int answered = 0;
        do
        {
            Assert.Equal("def", (await server.PostAsync("/v1/completions", new { prompt = "abc", max_tokens = 3, temperature = 0 })).Ok().Content());
            answered++;
        }
        while (!all.IsCompleted);
        Assert.Equal([2, 3, 4, 5], loads.Select(l => l.Result.Ok().Json.GetProperty("generation").GetInt32()).Order());
        Assert.True(answered > 0);
        await TestServer.UntilAsync(() => server.Model.Draining == 0, "the old engines are gone");
    }

    [Fact]
    public async Task A_load_that_fails_says_why_and_the_old_composition_serves_on()
    {
        await using TestServer server = await TestServer.StartAsync();
        File.Move(Beside(server.ModelPath, [.. "GGUF"u8, .. new byte[100]]), server.ModelPath, overwrite: true);
        Reply failed = (await server.PostAsync("/v1/load_model", new { model = "chain" })).Error(500, "model", "the old one serves on");
        Assert.Contains("version", failed.Text, StringComparison.Ordinal);
        File.Move(Beside(server.ModelPath, "no model at all"u8.ToArray()), server.ModelPath, overwrite: true);
        (await server.PostAsync("/v1/load_model", new { model = "chain" })).Error(500, "model", "chain.gguf");
        Assert.Equal("def", (await server.PostAsync("/v1/completions", new { prompt = "abc", max_tokens = 3, temperature = 0 })).Ok().Content());
        Assert.Equal(200, (await server.GetAsync("/ready")).Status);
        File.Move(Beside(server.ModelPath, ChainModel.Bytes()), server.ModelPath, overwrite: true);
        (await server.PostAsync("/v1/load_model", new { model = "chain" })).Ok();
        Assert.Equal(2, server.Model.Generation);
    }

    [Theory]
    [InlineData("127.0.0.1", "", true)]
    [InlineData("::1", "", true)]
    [InlineData("::ffff:127.0.0.1", "", true)]
    [InlineData("192.168.1.7", "", false)]
    [InlineData(null, "", false)]
    [InlineData("127.0.0.1", "Origin: http://evil.example", false)]
    [InlineData("127.0.0.1", "Origin: null", false)]
    [InlineData("127.0.0.1", "X-Forwarded-For: 10.0.0.1", false)]
    [InlineData("127.0.0.1", "Forwarded: for=10.0.0.1", false)]
    [InlineData("192.168.1.7", "Authorization: Bearer secret", true)]
    [InlineData("192.168.1.7", "Authorization: bearer secret", true)]
    [InlineData("192.168.1.7", "Authorization: Bearer secre", false)]
    [InlineData("192.168.1.7", "Authorization: Bearer ", false)]
    [InlineData("192.168.1.7", "Authorization: Basic secret", false)]
    [InlineData("127.0.0.1", "Authorization: Bearer wrong", true)]
    public void Loading_is_for_this_machine_and_holders_of_the_token(string? from, string header, bool allowed)
    {
        HeaderDictionary headers = [];
        if (header.Split(": ", 2) is [string name, string value])
            headers[name] = value;
        IPAddress? address = from is null ? null : IPAddress.Parse(from);
        Assert.Equal(allowed, LoadModelEndpoint.IsAllowed(address, headers, new Secret("secret")));
        if (header.StartsWith("Authorization", StringComparison.Ordinal))
            Assert.Equal(from == "127.0.0.1", LoadModelEndpoint.IsAllowed(address, headers, null));
    }

    [Fact]
    public async Task A_page_in_a_browser_cannot_load()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/load_model") { Content = new StringContent("{\"model\":\"chain\"}") };
        request.Headers.Add("Origin", "http://evil.example");
        (await Reply.ReadAsync(await server.Client.SendAsync(request, TestContext.Current.CancellationToken))).Error(403, null, "admin.token");
        Assert.Equal(1, server.Model.Generation);
    }

    private static object Body(int i, bool stream) => new { prompt = $"{(char)('a' + i)}", max_tokens = Tokens, temperature = 0, stream };

    private static string Beside(string path, byte[] bytes)
    {
        File.WriteAllBytes(path + ".new", bytes);
        return path + ".new";
    }
}
