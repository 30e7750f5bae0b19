namespace Tessera.Host.Tests.Serving;

/// <summary>A model whose first backend refuses it runs on the next one, and everybody is told.</summary>
public sealed class FallbackTests
{
    private const string Order = "kernels: [kernels.metal, kernels.cpu]", Reason = "metal: unavailable: no Metal device";

    [Fact]
    public async Task Ready_says_why_a_model_is_not_on_the_backend_that_comes_first()
    {
        Assert.SkipWhen(OperatingSystem.IsMacOS(), "this machine may have a Metal device");
        await using TestServer server = await TestServer.StartAsync(keys: Order);
        Assert.Equal($"ready, on another backend than the first: {Reason}", (await server.GetAsync("/ready")).Ok().Json.GetProperty("models").GetProperty("chain").GetString());
        Assert.Equal("def", (await server.PostAsync("/v1/completions", new { prompt = "abc", max_tokens = 3, temperature = 0 })).Ok().Content());
        await using TestServer plain = await TestServer.StartAsync();
        Assert.Equal("ready", (await plain.GetAsync("/ready")).Ok().Json.GetProperty("models").GetProperty("chain").GetString());
    }

    [Fact]
    public async Task The_log_and_explain_say_so_too()
    {
        Assert.SkipWhen(OperatingSystem.IsMacOS(), "this machine may have a Metal device");
        using TemporaryFolder folder = new();
        string config = folder.Write("host.yaml", TestServer.Yaml(folder.Write("chain.gguf", ChainModel.Bytes()), keys: Order));
        Finished explained = await TesseraProcess.RunAsync("explain", "chain", "--config", config);
        Assert.True(explained.Code == 0, $"{explained}");
        Assert.Contains($"fallback    {Reason}", explained.Output, StringComparison.Ordinal);
        Assert.Contains("runs on kernels.cpu", explained.Error, StringComparison.Ordinal);
        Assert.Contains(Reason, explained.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_no_other_backend_is_named_the_model_fails_with_the_reason()
    {
        Assert.SkipWhen(OperatingSystem.IsMacOS(), "this machine may have a Metal device");
        await using TestServer server = await TestServer.StartAsync(keys: "kernels: [kernels.metal]");
        Reply ready = await server.GetAsync("/ready");
        Assert.Equal(503, ready.Status);
        Assert.Contains(Reason, ready.Json.GetProperty("models").GetProperty("chain").GetString(), StringComparison.Ordinal);
    }
}
