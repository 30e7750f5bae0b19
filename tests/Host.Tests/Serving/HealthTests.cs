using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tessera.Host.Tests.Serving;

public sealed class HealthTests(SharedServer shared) : IClassFixture<SharedServer>
{
    [Fact]
    public async Task Tokenize_and_detokenize_are_each_others_inverse()
    {
        TestServer server = shared.Server;
        int[] Ids(Reply r) => [.. r.Ok().Json.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt32())];
        Reply plain = await server.PostAsync("/tokenize", new { content = "the 日" });
        Reply special = await server.PostAsync("/tokenize", new { content = "<|im_end|>" });
        Assert.Equal([257, 32, 0xE6, 0x97, 0xA5], Ids(plain));
        Assert.Equal([ChainModel.TurnEnd], Ids(special));
        Assert.Equal(10, Ids(await server.PostAsync("/tokenize", new { content = "<|im_end|>", parse_special = false })).Length);
        JsonElement pieces = (await server.PostAsync("/tokenize", new { content = "the", with_pieces = true })).Ok().Json.GetProperty("tokens");
        Assert.Equal((257, "the"), (pieces[0].GetProperty("id").GetInt32(), pieces[0].GetProperty("piece").GetString()));
        Assert.Equal(" 日<|im_end|>\uFFFD", (await server.PostAsync("/detokenize", new { tokens = new[] { 32, 0xE6, 0x97, 0xA5, ChainModel.TurnEnd, 0xE6 } })).Ok().Json.GetProperty("content").GetString());
        Assert.Equal("", (await server.PostAsync("/detokenize", new { tokens = Array.Empty<int>() })).Ok().Json.GetProperty("content").GetString());
    }

    [Fact]
    public async Task Ready_says_503_while_a_model_loads_and_so_do_requests()
    {
        using ManualResetEventSlim gate = new();
        await using TestServer server = await TestServer.StartAsync(more: "files: { mmap: false }", wait: false, progress: (_, _, _) => gate.Wait(TimeSpan.FromMinutes(1)));
        try
        {
            Assert.Equal("ok", (await server.GetAsync("/health")).Ok().Json.GetProperty("status").GetString());
            Reply loading = await server.GetAsync("/ready");
            Assert.Equal((503, "loading"), (loading.Status, loading.Json.GetProperty("models").GetProperty("chain").GetString()));
            Reply refused = (await server.PostAsync("/v1/completions", new { prompt = "a" })).Error(503, null, "loading");
            Assert.NotNull(refused.Response.Headers.RetryAfter);
            Assert.Equal("loading", (await server.GetAsync("/v1/models/chain")).Ok().Json.GetProperty("status").GetString());
        }
        finally
        {
            gate.Set();
        }
        await server.Host.Loading;
        Assert.Equal("ready", (await server.GetAsync("/ready")).Ok().Json.GetProperty("status").GetString());
        Assert.Equal("def", (await server.PostAsync("/v1/completions", new { prompt = "abc", max_tokens = 3, temperature = 0 })).Ok().Content());
    }

    [Fact]
    public async Task A_model_that_failed_says_why_and_can_be_loaded_once_it_is_mended()
    {
        await using TestServer server = await TestServer.StartAsync(model: [.. "GGUF"u8, .. new byte[64]]);
        Reply ready = await server.GetAsync("/ready");
        Assert.Equal(503, ready.Status);
        Assert.StartsWith("failed: ", ready.Json.GetProperty("models").GetProperty("chain").GetString(), StringComparison.Ordinal);
        Assert.Equal("failed", (await server.GetAsync("/v1/models/chain")).Ok().Json.GetProperty("status").GetString());
        (await server.PostAsync("/v1/completions", new { prompt = "a" })).Error(503, null, "could not be loaded");
        await File.WriteAllBytesAsync(server.ModelPath, ChainModel.Bytes(), TestContext.Current.CancellationToken);
        Assert.Equal(1, (await server.PostAsync("/v1/load_model", new { model = "chain" })).Ok().Json.GetProperty("generation").GetInt32());
        Assert.Equal(200, (await server.GetAsync("/ready")).Status);
        Assert.Equal("def", (await server.PostAsync("/v1/completions", new { prompt = "abc", max_tokens = 3, temperature = 0 })).Ok().Content());
    }

    [Fact]
    public async Task Models_are_listed_with_their_state_and_context()
    {
        TestServer server = shared.Server;
        Reply list = (await server.GetAsync("/v1/models")).Ok();
        Assert.Equal("list", list.Json.GetProperty("object").GetString());
        JsonElement card = list.Json.GetProperty("data")[0];
        Assert.Equal(("chain", "model", "ready", 4096), (card.GetProperty("id").GetString(), card.GetProperty("object").GetString(), card.GetProperty("status").GetString(), card.GetProperty("max_model_len").GetInt32()));
        Assert.Equal(card.GetRawText(), (await server.GetAsync("/v1/models/chain")).Ok().Json.GetRawText());
    }

    [Fact]
    public async Task Metrics_have_every_documented_family_and_count_up()
    {
        TestServer server = shared.Server;
        string before = (await server.GetAsync("/metrics")).Ok().Text;
        string[] families =
        [
            "tessera_requests_waiting gauge", "tessera_requests_running gauge", "tessera_prompt_tokens_total counter", "tessera_prompt_tokens_cached_total counter", "tessera_generated_tokens_total counter",
            "tessera_time_to_first_token_seconds histogram", "tessera_inter_token_latency_seconds histogram", "tessera_step_seconds histogram", "tessera_steps_total counter",
            "tessera_kv_blocks_used gauge", "tessera_kv_blocks_cached gauge", "tessera_kv_blocks_allocated gauge", "tessera_preemptions_total counter",
            "tessera_spec_drafted_tokens_total counter", "tessera_spec_accepted_tokens_total counter", "tessera_spec_accepted_length histogram", "tessera_spec_faults_total counter", "tessera_requests_finished_total counter",
        ];
        Assert.All(families, f => Assert.Contains($"# TYPE {f}\n", before, StringComparison.Ordinal));
        for (int i = 0; i < 2; i++)
            (await server.PostAsync("/v1/completions", new { prompt = new string('x', 40), max_tokens = 10, temperature = 0 })).Ok();
        string after = (await server.GetAsync("/metrics")).Ok().Text;
        double Up(string series) => Value(after, series) - Value(before, series);
        Assert.Equal(80, Up("tessera_prompt_tokens_total{model=\"chain\"}"));
        Assert.Equal(32, Up("tessera_prompt_tokens_cached_total{model=\"chain\"}"));
        Assert.Equal(20, Up("tessera_generated_tokens_total{model=\"chain\"}"));
        Assert.Equal(2, Up("tessera_requests_finished_total{model=\"chain\",reason=\"length\"}"));
        Assert.Equal(2, Up("tessera_time_to_first_token_seconds_count{model=\"chain\"}"));
        Assert.Equal(18, Up("tessera_inter_token_latency_seconds_count{model=\"chain\"}"));
        Assert.True(Up("tessera_steps_total{model=\"chain\"}") >= 20);
        Assert.True(Value(after, "tessera_kv_blocks_cached{model=\"chain\"}") > 0);
    }

    private static double Value(string text, string series)
    {
        Match line = Regex.Match(text, $"^{Regex.Escape(series)} (.+)$", RegexOptions.Multiline);
        Assert.True(line.Success, $"no series {series} in\n{text}");
        return double.Parse(line.Groups[1].Value, CultureInfo.InvariantCulture);
    }
}
