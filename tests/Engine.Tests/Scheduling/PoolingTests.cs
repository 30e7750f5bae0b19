using Tessera.Engine.Generation;

namespace Tessera.Engine.Tests.Scheduling;

/// <summary>Vectors of texts: batched by tokens without padding, whole, and each as if it were alone.</summary>
public sealed class PoolingTests
{
    private const string Encoder = "encoder with learned positions and token types, mean", Scores = "encoder with scores of the first row", Causal = "logits and the last row's vector", CausalMean = "a mean over cached attention";

    [Theory]
    [InlineData(Encoder)]
    [InlineData(Scores)]
    [InlineData(CausalMean)]
    public void Many_texts_are_batched_by_tokens_and_computed_whole(string shape)
    {
        int[] lengths = [3, 1, 20, 7, 16, 2, 40, 5, 5, 33, 1, 12];
        GenerationRequest[] requests = [.. lengths.Select((length, i) => PoolingEngine.Request(i, length))];
        using PoolingEngine engine = new(shape, new EngineOptions { MaxBatchTokens = 40 }, maxRows: 64);
        GenerationStream[] streams = engine.Submit(requests);
        engine.Run();
        // As many rows as tokens: no padding. In order of arrival, whole texts fill 40 rows: 3+1+20+7, 16+2, 40, 5+5, 33+1, 12.
        Assert.Equal([31, 18, 40, 10, 34, 12], engine.Records.Select(r => r.PrefillRows));
        for (int i = 0; i < requests.Length; i++)
        {
            Assert.Equal(FinishReason.Length, streams[i].FinishReason);
            Assert.Equal(engine.Graph.Pooled!.Width, streams[i].Vector!.Count);
            Assert.Equal(engine.Alone(requests[i]), streams[i].Vector);
        }
        Assert.Equal((0, 0, 0), (engine.Engine.Load.Waiting, engine.Engine.Load.Running, engine.Engine.Load.BlocksUsed));
        Assert.Null(engine.Engine.Faulted);
    }

    [Fact]
    public void A_text_longer_than_a_step_gets_one_of_its_own()
    {
        using PoolingEngine engine = new(Encoder, new EngineOptions { MaxBatchTokens = 16 }, maxRows: 64, maxContext: 64);
        GenerationStream[] streams = engine.Submit(PoolingEngine.Request(1, 5), PoolingEngine.Request(2, 64), PoolingEngine.Request(3, 4), PoolingEngine.Request(4, 6));
        engine.Run();
        Assert.Equal([5, 64, 10], engine.Records.Select(r => r.PrefillRows));
        Assert.All(streams, s => Assert.NotNull(s.Vector));
    }

    [Fact]
    public void A_causal_model_makes_vectors_in_chunks_beside_generation_and_from_its_prefix_cache()
    {
        using PoolingEngine engine = new(Causal, new EngineOptions { MaxBatchTokens = 8 }, maxRows: 8);
        GenerationRequest text = new() { Prompt = PoolingEngine.Text(1, 30), MaxTokens = 0, Pooled = true };
        GenerationStream generation = engine.Engine.Submit(new GenerationRequest { Prompt = PoolingEngine.Text(2, 3), MaxTokens = 20, IgnoreEndTokens = true })[0];
        GenerationStream vector = engine.Submit(text)[0];
        engine.Run();
        Assert.Equal(20, generation.Unread);
        Assert.Equal(0, vector.CachedTokens);
        GenerationStream again = engine.Submit(text)[0];
        engine.Run();
        Assert.Equal(28, again.CachedTokens);
        Assert.Equal(vector.Vector, again.Vector);
    }

    [Fact]
    public void Whole_texts_share_no_prefix()
    {
        using PoolingEngine engine = new(CausalMean, new EngineOptions(), maxRows: 64);
        GenerationRequest text = PoolingEngine.Request(1, 30);
        float[] first = engine.Alone(text);
        GenerationStream again = engine.Submit(text)[0];
        engine.Run();
        Assert.Equal(0, again.CachedTokens);
        Assert.Equal(first, again.Vector);
    }

    [Fact]
    public void Texts_of_one_request_count_once_in_the_queue()
    {
        using PoolingEngine engine = new(Encoder, new EngineOptions { MaxQueue = 2, MaxBatchTokens = 16 }, maxRows: 96);
        GenerationRequest[] many = [.. Enumerable.Range(0, 50).Select(i => PoolingEngine.Request(i, 5))];
        engine.Submit(many);
        engine.Submit(many);
        Assert.Throws<QueueFullException>(() => engine.Submit(many));
        engine.Run();
        GenerationStream[] later = engine.Submit(many);
        engine.Submit(many);
        Assert.Throws<QueueFullException>(() => engine.Submit(many[0]));
        engine.Run();
        Assert.All(later, s => Assert.NotNull(s.Vector));
    }

    [Fact]
    public void Cancelled_texts_take_no_rows()
    {
        using PoolingEngine engine = new(Encoder, new EngineOptions { MaxBatchTokens = 10 }, maxRows: 96);
        GenerationStream[] streams = engine.Submit([.. Enumerable.Range(0, 10).Select(i => PoolingEngine.Request(i, 5))]);
        Assert.True(engine.Engine.Step());
        foreach (GenerationStream stream in streams[2..8])
            stream.Cancel();
        engine.Run();
        Assert.Equal([10, 10], engine.Records.Select(r => r.PrefillRows));
        Assert.Equal(4, streams.Count(s => s.Vector is not null));
        Assert.Equal(6, streams.Count(s => s.FinishReason == FinishReason.Cancelled));
        Assert.Equal((0, 0), (engine.Engine.Load.Waiting, engine.Engine.Load.Running));
    }

    [Fact]
    public void What_cannot_be_computed_is_refused()
    {
        using PoolingEngine engine = new(Encoder, new EngineOptions(), maxRows: 64), causal = new(Causal, new EngineOptions(), maxRows: 64);
        GenerationRequest good = PoolingEngine.Request(1, 5);
        Refused(engine, good with { Prompt = [] }, "Prompt: at least one token");
        Refused(engine, PoolingEngine.Request(1, 65), "65 tokens are more than the 64");
        Refused(engine, good with { Prompt = [80, 1, 2, 3, 4] }, "token 80");
        Refused(engine, good with { TokenTypes = [0, 0, 0, 0] }, "4 types for 5 tokens");
        Refused(engine, good with { TokenTypes = [0, 0, 0, 0, 2] }, "type 2 is not in 0 to 1");
        Refused(engine, good with { MaxTokens = 1 }, "Pooled");
        Refused(engine, good with { Choices = 2 }, "Pooled");
        Refused(engine, good with { Stop = ["x"] }, "Pooled");
        Refused(engine, good with { Pooled = false, MaxTokens = 5 }, "has no head");
        Refused(causal, good, "type 1 is not in 0 to 0");
        using LedgerEngine ledger = new();
        Assert.Contains("does not say how texts become vectors", Assert.Throws<RequestException>(() => ledger.Engine.Submit(good with { TokenTypes = null })).Message, StringComparison.Ordinal);
    }

    private static void Refused(PoolingEngine engine, GenerationRequest request, string text) =>
        Assert.Contains(text, Assert.Throws<RequestException>(() => engine.Submit(request)).Message, StringComparison.Ordinal);
}
