using System.Runtime.InteropServices;
using System.Text.Json;
using Tessera.Engine.Embeddings;
using Tessera.Engine.Generation;
using Tessera.Host.Api;
using Tessera.Host.Models;

namespace Tessera.Host.Tests.Serving;

public sealed class EmbeddingTests(EmbeddingServers servers) : IClassFixture<EmbeddingServers>
{
    private const string Words = "abc de fghi";

    private TestServer Server => servers.Embedding;

    [Fact]
    public async Task A_text_a_list_and_their_ids_have_the_same_embeddings_of_length_one()
    {
        Reply one = (await Server.PostAsync("/v1/embeddings", new { model = "chain", input = Words })).Ok();
        Assert.Equal("list", one.Json.GetProperty("object").GetString());
        Assert.Equal("chain", one.Json.GetProperty("model").GetString());
        int[] ids = TinyBert.Ids(Words);
        Assert.Equal((ids.Length, ids.Length), (one.Usage.GetProperty("prompt_tokens").GetInt32(), one.Usage.GetProperty("total_tokens").GetInt32()));
        float[] embedding = Assert.Single(Read(one));
        Assert.Equal(TinyBert.Width, embedding.Length);
        Assert.Equal(1, Math.Sqrt(embedding.Sum(v => (double)v * v)), 1e-6);
        Assert.Equal([embedding], Read(await Server.PostAsync("/v1/embeddings", new { input = ids })));
        Reply many = (await Server.PostAsync("/v1/embeddings", new { input = new object[] { "x", Words, "yz" } })).Ok();
        Assert.Equal([0, 1, 2], many.Json.GetProperty("data").EnumerateArray().Select(d => d.GetProperty("index").GetInt32()));
        Assert.Equal(embedding, Read(many)[1]);
        Assert.NotEqual(embedding, Read(many)[0]);
        Assert.Equal([embedding, Read(many)[0]], Read(await Server.PostAsync("/v1/embeddings", new { input = new[] { ids, TinyBert.Ids("x") } })));
        Assert.Equal(TinyBert.Ids("x").Length + ids.Length + TinyBert.Ids("yz").Length, many.Usage.GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public void What_the_engine_does_not_take_is_the_requests_mistake()
    {
        using EngineLease lease = Server.Model.Acquire();
        GenerationRequest good = TextModel.Request(TinyBert.Ids("x"));
        foreach ((GenerationRequest request, string problem) in new[]
        {
            (good with { Prompt = [999] }, "Prompt: token 999 is not in 0 to 55"),
            (good with { TokenTypes = [0, 0, 2] }, "TokenTypes: type 2 is not in 0 to 1"),
            (good with { Sampling = new() { TopP = 7 } }, "TopP"),
        })
        {
            ApiException error = Assert.Throws<ApiException>(() => EngineDoor.Submit(lease.Engine, [request]));
            Assert.Equal((400, "invalid_value", "invalid_request_error"), (error.Status, error.Code, error.Type));
            Assert.StartsWith($"the model does not take the request: {problem}", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Base64_holds_the_same_floats()
    {
        float[] embedding = Read(await Server.PostAsync("/v1/embeddings", new { input = Words, encoding_format = "float" }))[0];
        Reply reply = (await Server.PostAsync("/v1/embeddings", new { input = Words, encoding_format = "base64" })).Ok();
        byte[] bytes = reply.Json.GetProperty("data")[0].GetProperty("embedding").GetBytesFromBase64();
        Assert.Equal(embedding, MemoryMarshal.Cast<byte, float>(bytes).ToArray());
    }

    [Fact]
    public async Task Fewer_dimensions_are_the_first_ones_brought_to_length_one()
    {
        float[] whole = Read(await Server.PostAsync("/v1/embeddings", new { input = Words }))[0];
        float[] cut = Read(await Server.PostAsync("/v1/embeddings", new { input = Words, dimensions = 7 }))[0];
        double length = Math.Sqrt(whole.Take(7).Sum(v => (double)v * v));
        Assert.Equal(7, cut.Length);
        Assert.All(cut.Zip(whole), p => Assert.Equal(p.Second / length, p.First, 1e-6));
    }

    [Fact]
    public async Task Hundreds_of_texts_are_computed_as_if_each_were_alone()
    {
        string[] texts = [.. Enumerable.Range(0, 600).Select(i => new string((char)('a' + i % 26), 1 + i * 7 % 30))];
        float[][] embeddings = Read(await Server.PostAsync("/v1/embeddings", new { input = texts }));
        Assert.Equal(600, embeddings.Length);
        foreach (int i in (int[])[0, 37, 599])
            Assert.Equal(Read(await Server.PostAsync("/v1/embeddings", new { input = texts[i] }))[0], embeddings[i]);
    }

    [Fact]
    public async Task A_text_that_is_too_long_is_refused_or_cut()
    {
        string text = new('a', 60);
        (await Server.PostAsync("/v1/embeddings", new { input = new[] { "a", text } })).Error(400, "input[1]", "62 tokens are more than the 40");
        (await Server.PostAsync("/v1/embeddings", new { input = text, truncate = false })).Error(400, "input");
        Reply cut = (await Server.PostAsync("/v1/embeddings", new { input = text, truncate = true })).Ok();
        Assert.Equal(TinyBert.Context, cut.Usage.GetProperty("prompt_tokens").GetInt32());
        Assert.Equal(Read(await Server.PostAsync("/v1/embeddings", new { input = new string('a', 38) })), Read(cut));
        (await Server.PostAsync("/v1/embeddings", new { input = Enumerable.Repeat(5, 41) })).Error(400, "input");
        Assert.Single(Read(await Server.PostAsync("/v1/embeddings", new { input = Enumerable.Repeat(5, 40) })));
        Assert.Single(Read(await Server.PostAsync("/v1/embeddings", new { input = Enumerable.Repeat(5, 41), truncate = true })));
    }

    [Theory]
    [InlineData("{}", "input")]
    [InlineData("{\"input\":null}", "input")]
    [InlineData("{\"input\":[]}", "input")]
    [InlineData("{\"input\":7}", "input")]
    [InlineData("{\"input\":{}}", "input")]
    [InlineData("{\"input\":[\"a\",7]}", "input[1]")]
    [InlineData("{\"input\":[7,\"a\"]}", "input[1]")]
    [InlineData("{\"input\":[[]]}", "input[0]")]
    [InlineData("{\"input\":[[1],[56]]}", "input[1][0]")]
    [InlineData("{\"input\":[-1]}", "input[0]")]
    [InlineData("{\"input\":[1.5]}", "input[0]")]
    [InlineData("{\"input\":\"a\",\"encoding_format\":\"int8\"}", "encoding_format")]
    [InlineData("{\"input\":\"a\",\"encoding_format\":7}", "encoding_format")]
    [InlineData("{\"input\":\"a\",\"dimensions\":33}", "dimensions")]
    [InlineData("{\"input\":\"a\",\"dimensions\":0}", "dimensions")]
    [InlineData("{\"input\":\"a\",\"dimensions\":\"7\"}", "dimensions")]
    [InlineData("{\"input\":\"a\",\"prompt_name\":\"query\"}", "prompt_name")]
    [InlineData("{\"input\":[5],\"prompt_name\":\"query\"}", "prompt_name")]
    [InlineData("{\"input\":\"a\",\"truncate\":\"END\"}", "truncate")]
    [InlineData("{\"input\":\"\\ud800\"}", "input")]
    public async Task A_wrong_field_of_embeddings_is_named(string body, string field) => (await Server.PostTextAsync("/v1/embeddings", body)).Error(400, field);

    [Fact]
    public async Task A_text_with_a_token_that_the_model_has_no_row_for_is_named()
    {
        const string Expected = "expected token ids from 0 to 55, found 56", Bad = $"abc {TinyBert.WordWithoutRow}";
        (await Server.PostAsync("/v1/embeddings", new { input = Bad })).Error(400, "input", Expected);
        (await Server.PostAsync("/v1/embeddings", new { input = new[] { "a", "b", Bad } })).Error(400, "input[2]", Expected);
        (await servers.Reranker.PostAsync("/v1/rerank", new { query = "a", documents = new[] { "b", Bad } })).Error(400, "documents[1]", Expected);
        (await servers.Reranker.PostAsync("/v1/rerank", new { query = Bad, documents = new[] { "b" } })).Error(400, "query", Expected);
    }

    [Fact]
    public async Task Too_many_inputs_are_refused()
    {
        (await Server.PostAsync("/v1/embeddings", new { input = Enumerable.Repeat("a", 2049) })).Error(400, "input", "2048");
        (await servers.Reranker.PostAsync("/v1/rerank", new { query = "a", documents = Enumerable.Repeat("a", 2049) })).Error(400, "documents", "2048");
    }

    [Fact]
    public async Task Documents_are_ranked_by_relevance()
    {
        string[] documents = ["de", "xyz", "abc de", "q", "fghi"];
        Reply reply = (await servers.Reranker.PostAsync("/v1/rerank", new { model = "chain", query = "abc", documents, return_documents = true })).Ok();
        JsonElement[] results = [.. reply.Json.GetProperty("results").EnumerateArray()];
        double[] scores = [.. results.Select(r => r.GetProperty("relevance_score").GetDouble())];
        int[] order = [.. results.Select(r => r.GetProperty("index").GetInt32())];
        Assert.Equal(scores.OrderDescending(), scores);
        Assert.Equal(5, scores.Distinct().Count());
        Assert.All(scores, s => Assert.InRange(s, 0, 1));
        Assert.Equal(Enumerable.Range(0, 5), order.Order());
        Assert.Equal(order.Select(i => documents[i]), results.Select(r => r.GetProperty("document").GetProperty("text").GetString()));
        Assert.Equal("chain", reply.Json.GetProperty("model").GetString());
        int tokens = documents.Sum(d => TinyBert.Ids("abc").Length + TinyBert.Ids(d).Length - 1);
        Assert.Equal(tokens, reply.Usage.GetProperty("total_tokens").GetInt32());

        Reply top = (await servers.Reranker.PostAsync("/v1/rerank", new { query = "abc", documents = documents.Select(d => new { text = d }), top_n = 2 })).Ok();
        JsonElement[] best = [.. top.Json.GetProperty("results").EnumerateArray()];
        Assert.Equal(order[..2], best.Select(r => r.GetProperty("index").GetInt32()));
        Assert.All(best, r => Assert.False(r.TryGetProperty("document", out _)));
        Assert.Equal(scores[..2], best.Select(r => r.GetProperty("relevance_score").GetDouble()));
    }

    [Fact]
    public async Task A_long_document_is_cut()
    {
        string text = new('a', 100);
        Reply whole = (await servers.Reranker.PostAsync("/v1/rerank", new { query = "bc", documents = new[] { text } })).Ok();
        Assert.Equal(TinyBert.Context, whole.Usage.GetProperty("total_tokens").GetInt32());
        Reply cut = (await servers.Reranker.PostAsync("/v1/rerank", new { query = "bc", documents = new[] { text }, max_tokens_per_doc = 5 })).Ok();
        Assert.Equal(3 + 2 + 5, cut.Usage.GetProperty("total_tokens").GetInt32());
    }

    [Theory]
    [InlineData("{}", "query")]
    [InlineData("{\"query\":7,\"documents\":[\"a\"]}", "query")]
    [InlineData("{\"query\":\"a\"}", "documents")]
    [InlineData("{\"query\":\"a\",\"documents\":\"b\"}", "documents")]
    [InlineData("{\"query\":\"a\",\"documents\":[]}", "documents")]
    [InlineData("{\"query\":\"a\",\"documents\":[\"b\",7]}", "documents[1]")]
    [InlineData("{\"query\":\"a\",\"documents\":[{}]}", "documents[0].text")]
    [InlineData("{\"query\":\"a\",\"documents\":[\"b\"],\"top_n\":0}", "top_n")]
    [InlineData("{\"query\":\"a\",\"documents\":[\"b\"],\"return_documents\":1}", "return_documents")]
    [InlineData("{\"query\":\"a\",\"documents\":[\"b\"],\"max_tokens_per_doc\":0}", "max_tokens_per_doc")]
    public async Task A_wrong_field_of_rerank_is_named(string body, string field) => (await servers.Reranker.PostTextAsync("/v1/rerank", body)).Error(400, field);

    [Fact]
    public async Task A_model_is_asked_only_for_what_it_makes()
    {
        foreach (TestServer server in (TestServer[])[servers.Embedding, servers.Reranker])
        {
            (await server.PostAsync("/v1/completions", new { prompt = "a" })).Error(400, "model", "generates no text");
            (await server.PostAsync("/v1/chat/completions", new { messages = new[] { new { role = "user", content = "a" } } })).Error(400, "model", "generates no text");
        }
        (await servers.Embedding.PostAsync("/v1/rerank", new { query = "a", documents = new[] { "b" } })).Error(400, "model", "no reranker");
        (await servers.Reranker.PostAsync("/v1/embeddings", new { input = "a" })).Error(400, "model", "is a classifier");
        await using TestServer chain = await TestServer.StartAsync(), silent = await TestServer.StartAsync(model: TinyBert.Bytes(pooling: 0));
        foreach (TestServer server in (TestServer[])[chain, silent])
        {
            (await server.PostAsync("/v1/embeddings", new { input = "a" })).Error(400, "model", "no pooling");
            (await server.PostAsync("/v1/rerank", new { query = "a", documents = new[] { "b" } })).Error(400, "model", "no reranker");
        }
    }

    private static float[][] Read(Reply reply) =>
        [.. reply.Ok().Json.GetProperty("data").EnumerateArray().Select(d => d.GetProperty("embedding").EnumerateArray().Select(v => v.GetSingle()).ToArray())];
}

/// <summary>An embedding model and a reranker.</summary>
public sealed class EmbeddingServers : IAsyncLifetime
{
    internal TestServer Embedding { get; private set; } = null!;

    internal TestServer Reranker { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Embedding = await TestServer.StartAsync(model: TinyBert.Bytes());
        Reranker = await TestServer.StartAsync(model: TinyBert.Bytes(pooling: 4));
    }

    public async ValueTask DisposeAsync()
    {
        await Embedding.DisposeAsync();
        await Reranker.DisposeAsync();
    }
}
