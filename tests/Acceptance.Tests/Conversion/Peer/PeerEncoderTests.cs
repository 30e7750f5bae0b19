using System.Text.Json;
using Tessera.Acceptance.Tests.Encoders;
using Tessera.Acceptance.Tests.Stack;
using Tessera.Engine;
using Tessera.Engine.Embeddings;
using Tessera.Engine.Generation;

namespace Tessera.Acceptance.Tests.Conversion.Peer;

/// <summary>The peer reads encoders' files that <c>tessera convert</c> writes: the same tokens, embeddings and scores.</summary>
public sealed class PeerEncoderTests(ConversionStack stack) : IClassFixture<ConversionStack>
{
    // Of embeddings whose length is 1. The peer looks GELU up in a table of F16 (ModernBERT's in its form with tanh, which differs by up to 5e-4), and multiplies F16 weights with activations of F16.
    private const double OfF32 = 2e-3, OfF16 = 4e-3, OfBytes = 0.05;

    private static readonly string[] Texts = ["the", "The fox runs in the garden.", "it's 12345, here", string.Join(' ', Enumerable.Repeat("the cat", 12))];

    [Theory]
    [InlineData("bert_embedding", "F32"), InlineData("bert_embedding", "F16"), InlineData("bert_embedding", "Q8_0"), InlineData("xlm_roberta_embedding", "F32"), InlineData("xlm_roberta_embedding", "F16")]
    public async Task It_embeds_from_a_folders_file_as_we_do(string name, string type)
    {
        PeerServer.Require();
        EncoderGolden golden = EncoderGolden.Require(name);
        await EmbedAsync(golden.Path, type, [.. golden.List("texts").Select(t => t.GetProperty("text").GetString()!)]);
    }

    [Theory]
    [InlineData("F32"), InlineData("F16"), InlineData("Q8_0")]
    public async Task It_embeds_from_ModernBERTs_file_as_we_do(string type)
    {
        PeerServer.Require();
        using TemporaryTree folder = ModernBertFolder.Write();
        await EmbedAsync(folder.Path, type, ModernBertFolder.Texts);
    }

    [Theory]
    [InlineData("distilbert", "F32"), InlineData("distilbert", "F16"), InlineData("roberta", "F32"), InlineData("roberta", "F16"), InlineData("nomic", "F32"), InlineData("nomic", "F16"), InlineData("nomic, attention biases", "F32")]
    public async Task It_embeds_from_the_files_of_BERTs_relatives_as_we_do(string kind, string type)
    {
        PeerServer.Require();
        using TemporaryTree folder = BertFolder.Write(kind);
        await EmbedAsync(folder.Path, type, kind == "roberta" ? ModernBertFolder.Texts : Texts);
    }

    [Fact]
    public async Task It_refuses_the_biases_of_nomics_gates()
    {
        PeerServer.Require();
        using TemporaryTree folder = BertFolder.Write("nomic, all biases");
        using TemporaryFile file = new();
        Assert.Contains(stack.Convert(folder.Path, file.Path, "F32").Notes, n => n.Contains("ffn_gate.bias': llama.cpp refuses", StringComparison.Ordinal));
        Assert.Contains("wrong number of tensors", await PeerServer.RefusalAsync(file.Path, 64, "--embedding"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_scores_from_ModernBERTs_file_as_we_do()
    {
        PeerServer.Require();
        using TemporaryTree folder = ModernBertFolder.Write(isClassifier: true);
        await ScoreAsync(folder.Path, "where is the fox?", ModernBertFolder.Texts, hasTypes: false);
    }

    [Fact]
    public async Task It_scores_from_a_cross_encoders_file_as_we_do()
    {
        PeerServer.Require();
        EncoderGolden golden = EncoderGolden.Require("bert_cross_encoder");
        JsonElement pair = golden.List("pairs")[0];
        await ScoreAsync(golden.Path, pair.GetProperty("query").GetString()!, [.. pair.GetProperty("documents").EnumerateArray().Select(d => d.GetString()!)], hasTypes: true);
    }

    private async Task EmbedAsync(string folder, string type, string[] texts)
    {
        using TemporaryFile file = new();
        stack.Convert(folder, file.Path, type);
        (SteppedEngine engine, TextModel model) = Load(file.Path, type);
        await using SteppedEngine owned = engine;
        await using PeerServer peer = await PeerServer.StartEmbeddingAsync(file.Path, model.Longest);
        double largest = 0;
        foreach (string text in texts)
        {
            int[] ids = model.Encoder.Encode(text, int.MaxValue);
            Assert.Equal(ids, await peer.TokenizeAsync(text, addSpecial: true));
            ids = ids[..Math.Min(ids.Length, model.Longest)];
            IReadOnlyList<float> vector = Pool(engine, TextModel.Request(ids));
            float[] theirs = await peer.EmbedAsync(ids);
            largest = Math.Max(largest, EncoderGolden.Difference([.. theirs.Select(v => (double)v)], Vectors.Embedding(vector, vector.Count, model.Pooling.Normalizes)));
        }
        Report($"{Path.GetFileName(folder)}, {type}: {texts.Length} texts, embeddings within {largest:E1}");
        Assert.InRange(largest, 0, type switch { "F32" => OfF32, "F16" => OfF16, _ => OfBytes });
    }

    // The peer gives every token type 0, which a note says of a file where there are others.
    private async Task ScoreAsync(string folder, string query, string[] documents, bool hasTypes)
    {
        using TemporaryFile file = new();
        WritePlan plan = stack.Convert(folder, file.Path, "F32");
        Assert.Equal(hasTypes, plan.Notes.Any(n => n.Contains("every token type 0", StringComparison.Ordinal)));
        // It wants something to score, cuts no text, and reads no special tokens in one.
        documents = [.. documents.Where(d => d.Length is > 0 and < 100 && !d.Contains('[', StringComparison.Ordinal))];
        (SteppedEngine engine, TextModel model) = Load(file.Path, "F32");
        await using SteppedEngine owned = engine;
        await using PeerServer peer = await PeerServer.StartRerankingAsync(file.Path, model.Longest);
        float[] theirs = await peer.ScoreAsync(query, documents);
        float[] ours = [.. model.Encoder.EncodePairs(query, documents, model.Longest).Select(p => Pool(engine, model.Request((p.Ids, new int[p.Ids.Length])))[0])];
        double largest = EncoderGolden.Difference([.. theirs.Select(s => (double)s)], ours), scale = ours.Max(Math.Abs);
        Report($"{Path.GetFileName(folder)}: {documents.Length} documents, scores up to {scale:F2} within {largest:E1}");
        Assert.Equal(documents.Length, theirs.Distinct().Count());
        Assert.InRange(largest, 0, OfF32 * Math.Max(1, scale));
    }

    private (SteppedEngine Engine, TextModel Model) Load(string path, string type)
    {
        Composition composition = stack.Host.Build(path, type == "Q8_0" ? ActivationPrecision.Fast : ActivationPrecision.Float32);
        return (new SteppedEngine(composition), new TextModel(composition, parseSpecial: true));
    }

    private static void Report(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);

    private static IReadOnlyList<float> Pool(SteppedEngine engine, GenerationRequest request)
    {
        GenerationStream stream = engine.Engine.Submit([request])[0][0];
        engine.Run();
        return stream.Vector ?? throw new InvalidOperationException(stream.Error);
    }
}
