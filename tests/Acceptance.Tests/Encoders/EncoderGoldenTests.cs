using System.Text.Json;
using Tessera.Acceptance.Tests.Stack;
using Tessera.Engine;
using Tessera.Engine.Embeddings;
using Tessera.Engine.Generation;
using static Tessera.Acceptance.Tests.Encoders.EncoderGolden;

namespace Tessera.Acceptance.Tests.Encoders;

/// <summary>Embeddings, hidden states and scores of Hugging Face folders, from text, through the shipped plugins and the scheduler.</summary>
public sealed class EncoderGoldenTests(SharedStack stack)
{
    public static TheoryData<string> Embeddings => [.. EncoderGolden.Names().Embeddings];

    public static TheoryData<string> Scores => [.. EncoderGolden.Names().Scores];

    [Fact]
    public void Every_encoder_of_the_folder_is_here()
    {
        Shared.Require("fixtures", "hf-models");
        TestContext.Current.TestOutputHelper?.WriteLine($"hf-models: {Embeddings.Count} embedding models and {Scores.Count} rerankers");
        Assert.Equal(3, Embeddings.Count + Scores.Count);
    }

    [Theory]
    [MemberData(nameof(Embeddings), DisableDiscoveryEnumeration = true)]
    public async Task Texts_have_the_recorded_ids_embeddings_and_hidden_states(string name)
    {
        EncoderGolden golden = EncoderGolden.Require(name);
        Composition composition = stack.Host.Build(golden.Path, ActivationPrecision.Float32);
        await using SteppedEngine engine = new(composition);
        TextModel model = new(composition, parseSpecial: true);
        Assert.Null(model.WhyNoEmbeddings);
        double pooled = 0, embedding = 0, hidden = 0;
        int states = 0;
        IReadOnlyList<JsonElement> texts = golden.List("texts");
        foreach (JsonElement text in texts)
        {
            int[] ids = model.Encoder.Encode(text.GetProperty("text").GetString()!, model.Cut);
            Assert.Equal(Integers(text.GetProperty("ids")), ids);
            IReadOnlyList<float> vector = Pool(engine, TextModel.Request(ids))[0];
            pooled = Math.Max(pooled, Difference(Numbers(text.GetProperty("pooled")), vector));
            embedding = Math.Max(embedding, Difference(Numbers(text.GetProperty("embedding")), Vectors.Embedding(vector, vector.Count, model.Pooling.Normalizes)));
            if (!text.TryGetProperty("hidden", out JsonElement rows))
                continue;
            states++;
            hidden = Math.Max(hidden, rows.EnumerateArray().Zip(Hidden(composition, ids), (e, f) => Difference(Numbers(e), f)).Max());
        }
        (int batches, double together) = Batches(golden, engine, model);
        TestContext.Current.TestOutputHelper?.WriteLine($"hf-models/{name}: {texts.Count} texts, {states} with hidden states, {batches} batches; largest differences: hidden {hidden:E1}, pooled {pooled:E1}, embedding {embedding:E1}, in batches {together:E1}");
        Assert.True(texts.Count > 0 && states > 0 && batches > 0);
        Assert.InRange(hidden, 0, golden.Tolerance("hidden"));
        Assert.InRange(pooled, 0, golden.Tolerance("pooled"));
        Assert.InRange(embedding, 0, golden.Tolerance("embedding"));
        Assert.InRange(together, 0, golden.Tolerance("embedding"));
    }

    [Theory]
    [MemberData(nameof(Scores), DisableDiscoveryEnumeration = true)]
    public async Task Pairs_have_the_recorded_ids_types_and_scores(string name)
    {
        EncoderGolden golden = EncoderGolden.Require(name);
        Composition composition = stack.Host.Build(golden.Path, ActivationPrecision.Float32);
        await using SteppedEngine engine = new(composition);
        TextModel model = new(composition, parseSpecial: true);
        Assert.Null(model.WhyNoScores);
        Assert.Equal(golden.Root.GetProperty("max_length").GetInt32(), model.Cut);
        double largest = 0;
        int count = 0;
        foreach (JsonElement item in golden.List("pairs"))
        {
            string[] documents = [.. item.GetProperty("documents").EnumerateArray().Select(d => d.GetString()!)];
            IReadOnlyList<(int[] Ids, int[] Types)> pairs = model.Encoder.EncodePairs(item.GetProperty("query").GetString()!, documents, model.Cut);
            for (int i = 0; i < documents.Length; i++, count++)
            {
                Assert.Equal(Integers(item.GetProperty("ids")[i]), pairs[i].Ids);
                Assert.Equal(Integers(item.GetProperty("token_type_ids")[i]), pairs[i].Types);
            }
            float[] scores = [.. Pool(engine, [.. pairs.Select(model.Request)]).Select(s => s[0])];
            largest = Math.Max(largest, Difference(Numbers(item.GetProperty("logits")), scores));
            Assert.Equal(Integers(item.GetProperty("ranking")), Enumerable.Range(0, scores.Length).OrderByDescending(i => scores[i]));
            Assert.True(Difference(Numbers(item.GetProperty("sigmoid")), [.. scores.Select(s => (float)Vectors.Relevance([s], ScoreFunction.Sigmoid))]) < 1e-4);
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"hf-models/{name}: {count} pairs, largest difference {largest:E1}; relevance by {model.Pooling.Scores}");
        Assert.True(count > 0);
        Assert.InRange(largest, 0, golden.Tolerance("logits"));
    }

    [Theory]
    [MemberData(nameof(Embeddings), DisableDiscoveryEnumeration = true)]
    public async Task The_command_line_gives_the_same_embeddings(string name)
    {
        EncoderGolden golden = EncoderGolden.Require(name);
        IReadOnlyList<JsonElement> texts = golden.List("texts");
        string[] lines = [.. texts.Select(t => $$"""{"text": {{JsonSerializer.Serialize(t.GetProperty("text").GetString())}}}"""), .. texts.Select(t => $$"""{"ids": {{t.GetProperty("ids").GetRawText()}}}""")];
        JsonElement[] answers = await TesseraProcess.AskAsync(lines, "embed", golden.Path, "--activations", "float32");
        for (int i = 0; i < lines.Length; i++)
        {
            JsonElement text = texts[i % texts.Count];
            Assert.Equal(Integers(text.GetProperty("ids")), Integers(answers[i].GetProperty("ids")));
            Assert.InRange(Difference(Numbers(text.GetProperty("embedding")), [.. answers[i].GetProperty("embedding").EnumerateArray().Select(v => v.GetSingle())]), 0, golden.Tolerance("embedding"));
        }
    }

    [Theory]
    [MemberData(nameof(Scores), DisableDiscoveryEnumeration = true)]
    public async Task The_command_line_gives_the_same_scores(string name)
    {
        EncoderGolden golden = EncoderGolden.Require(name);
        IReadOnlyList<JsonElement> items = golden.List("pairs");
        JsonElement[] answers = await TesseraProcess.AskAsync([.. items.Select(p => $$"""{"query": {{p.GetProperty("query").GetRawText()}}, "documents": {{p.GetProperty("documents").GetRawText().ReplaceLineEndings(" ")}}}""")], "rerank", golden.Path, "--activations", "float32");
        for (int i = 0; i < items.Count; i++)
            Assert.InRange(Difference(Numbers(items[i].GetProperty("logits")), [.. answers[i].GetProperty("scores").EnumerateArray().Select(v => v.GetSingle())]), 0, golden.Tolerance("logits"));
    }

    /// <summary>The recorded padded batches, as texts that are submitted together: nothing is padded, and each vector is bitwise what it is alone.</summary>
    private static (int Count, double Largest) Batches(EncoderGolden golden, SteppedEngine engine, TextModel model)
    {
        double largest = 0;
        IReadOnlyList<JsonElement> texts = golden.List("texts"), batches = golden.List("batches");
        foreach (JsonElement batch in batches)
        {
            GenerationRequest[] requests = [.. Integers(batch.GetProperty("texts_index")).Select(i => TextModel.Request(Integers(texts[i].GetProperty("ids"))))];
            engine.Records.Clear();
            IReadOnlyList<float>[] vectors = Pool(engine, requests);
            Assert.Equal(requests.Sum(r => r.Prompt.Length), engine.Records.Sum(r => r.PrefillRows));
            for (int i = 0; i < requests.Length; i++)
            {
                Assert.Equal(Pool(engine, requests[i])[0], vectors[i]);
                largest = Math.Max(largest, Difference(Numbers(batch.GetProperty("embeddings")[i]), Vectors.Embedding(vectors[i], vectors[i].Count, model.Pooling.Normalizes)));
            }
        }
        return (batches.Count, largest);
    }

    private static IReadOnlyList<float>[] Pool(SteppedEngine engine, params GenerationRequest[] requests)
    {
        GenerationStream[] streams = [.. engine.Engine.Submit(requests).Select(s => s[0])];
        engine.Run();
        return Array.ConvertAll(streams, s => s.Vector ?? throw new InvalidOperationException(s.Error));
    }

    private static unsafe IEnumerable<float[]> Hidden(Composition composition, int[] ids)
    {
        IModelRuntime runtime = composition.Runtime;
        using Batch batch = new(composition.Limits, composition.Graph.CacheGroups.Count);
        Assert.True(ids.Length <= composition.Limits.MaxOutputs);
        for (int i = 0; i < ids.Length; i++)
            batch.Add(ids[i], i, i, 0, RowOutputs.Hidden);
        runtime.Submit(batch);
        Assert.True(runtime.Wait());
        return [.. Enumerable.Range(0, ids.Length).Select(i => new ReadOnlySpan<float>(runtime.Hidden(i), composition.Graph.Hidden.Width).ToArray())];
    }
}
