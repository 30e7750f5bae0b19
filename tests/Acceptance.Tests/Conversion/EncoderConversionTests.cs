using System.Text.Json;
using Tessera.Acceptance.Tests.Encoders;
using Tessera.Acceptance.Tests.Stack;
using Tessera.Engine;
using Tessera.Engine.Embeddings;
using Tessera.Engine.Generation;

namespace Tessera.Acceptance.Tests.Conversion;

/// <summary>Embedding models and rerankers as GGUF files: the folders' ids, embeddings and scores (../shared/fixtures/hf-models/README.md).</summary>
public sealed class EncoderConversionTests(ConversionStack stack) : IClassFixture<ConversionStack>
{
    // Of the embedding, whose length is 1: a block of 32 weights loses half of its 127th part at most, in each of three layers of four kinds of products.
    private const double OfBytes = 3 * 4 * 0.5 / 127;

    public static TheoryData<string, string?> Embeddings => [.. EncoderGolden.Names().Embeddings.SelectMany(n => new (string, string?)[] { (n, null), (n, "F16"), (n, "Q8_0") })];

    public static TheoryData<string> Scores => [.. EncoderGolden.Names().Scores];

    [Theory, MemberData(nameof(Embeddings), DisableDiscoveryEnumeration = true)]
    public async Task A_file_has_the_folders_ids_and_embeddings(string name, string? type)
    {
        EncoderGolden golden = EncoderGolden.Require(name);
        using TemporaryFile file = new();
        WritePlan plan = stack.Convert(golden.Path, file.Path, type);
        Assert.Contains(plan.Notes, n => n.Contains("texts are cut to", StringComparison.Ordinal));
        Composition composition = stack.Host.Build(file.Path, ActivationPrecision.Float32);
        await using SteppedEngine engine = new(composition);
        TextModel model = new(composition, parseSpecial: true);
        Assert.Null(model.WhyNoEmbeddings);
        int cut = golden.List("texts").Max(t => t.GetProperty("ids").GetArrayLength()), ids = 0;
        double largest = 0;
        foreach (JsonElement text in golden.List("texts"))
        {
            int[] expected = EncoderGolden.Integers(text.GetProperty("ids"));
            ids += model.Encoder.Encode(text.GetProperty("text").GetString()!, cut).AsSpan().SequenceEqual(expected) ? 1 : 0;
            IReadOnlyList<float> vector = Pool(engine, TextModel.Request(expected));
            largest = Math.Max(largest, EncoderGolden.Difference(EncoderGolden.Numbers(text.GetProperty("embedding")), Vectors.Embedding(vector, vector.Count, model.Pooling.Normalizes)));
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{name} as {plan.FileType}: {ids} of {golden.List("texts").Count} texts with the folder's ids, embeddings within {largest:E1}; {string.Join("; ", plan.Notes)}");
        Assert.Equal(golden.List("texts").Count, ids);
        if (type == "Q8_0")
            Assert.InRange(largest, golden.Tolerance("embedding"), OfBytes);
        else
            Assert.InRange(largest, 0, Math.Max(golden.Tolerance("embedding"), type == "F16" ? 1e-3 : 0));
    }

    [Theory, MemberData(nameof(Scores), DisableDiscoveryEnumeration = true)]
    public async Task A_file_has_the_folders_scores(string name)
    {
        EncoderGolden golden = EncoderGolden.Require(name);
        using TemporaryFile file = new();
        WritePlan plan = stack.Convert(golden.Path, file.Path, null);
        // The folder's relevance is the score itself.
        Assert.Contains(plan.Notes, n => n.Contains("by Identity here", StringComparison.Ordinal));
        Composition composition = stack.Host.Build(file.Path, ActivationPrecision.Float32);
        await using SteppedEngine engine = new(composition);
        TextModel model = new(composition, parseSpecial: true);
        Assert.Null(model.WhyNoScores);
        int most = golden.Root.GetProperty("max_length").GetInt32();
        double largest = 0;
        foreach (JsonElement item in golden.List("pairs"))
        {
            string[] documents = [.. item.GetProperty("documents").EnumerateArray().Select(d => d.GetString()!)];
            IReadOnlyList<(int[] Ids, int[] Types)> pairs = model.Encoder.EncodePairs(item.GetProperty("query").GetString()!, documents, most);
            for (int i = 0; i < documents.Length; i++)
            {
                Assert.Equal(EncoderGolden.Integers(item.GetProperty("ids")[i]), pairs[i].Ids);
                Assert.Equal(EncoderGolden.Integers(item.GetProperty("token_type_ids")[i]), pairs[i].Types);
                largest = Math.Max(largest, Math.Abs(EncoderGolden.Numbers(item.GetProperty("logits"))[i] - Pool(engine, model.Request(pairs[i]))[0]));
            }
        }
        Assert.InRange(largest, 0, golden.Tolerance("logits"));
    }

    [Fact]
    public async Task A_decoder_that_pools_its_last_token_embeds_from_its_file()
    {
        string folder = Shared.Require("fixtures", "hf-models", "qwen3");
        using TemporaryTree copy = TemporaryTree.CopyOf(folder);
        Directory.CreateDirectory(copy["1_Pooling"]);
        File.WriteAllText(copy["1_Pooling/config.json"], """{"pooling_mode_lasttoken": true}""");
        File.WriteAllText(copy["modules.json"], """[{"path": "", "type": "sentence_transformers.models.Transformer"}, {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}, {"path": "2", "type": "sentence_transformers.models.Normalize"}]""");
        using TemporaryFile file = new();
        stack.Convert(copy.Path, file.Path, null);
        string[] lines = ["""{"text": "the fox in the garden"}""", """{"ids": [5, 6, 7]}"""];
        JsonElement[] ofFolder = await TesseraProcess.AskAsync(lines, "embed", copy.Path, "--activations", "float32"), ofFile = await TesseraProcess.AskAsync(lines, "embed", file.Path, "--activations", "float32");
        for (int i = 0; i < lines.Length; i++)
        {
            Assert.Equal(EncoderGolden.Integers(ofFolder[i].GetProperty("ids")), EncoderGolden.Integers(ofFile[i].GetProperty("ids")));
            Assert.InRange(EncoderGolden.Difference(EncoderGolden.Numbers(ofFolder[i].GetProperty("embedding")), [.. ofFile[i].GetProperty("embedding").EnumerateArray().Select(v => v.GetSingle())]), 0, 1e-5);
        }
    }

    private static IReadOnlyList<float> Pool(SteppedEngine engine, GenerationRequest request)
    {
        GenerationStream stream = engine.Engine.Submit([request])[0][0];
        engine.Run();
        return stream.Vector ?? throw new InvalidOperationException(stream.Error);
    }
}
