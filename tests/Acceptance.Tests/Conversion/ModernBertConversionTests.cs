using System.Text.Json;
using Tessera.Acceptance.Tests.Encoders;
using Tessera.Acceptance.Tests.Stack;

namespace Tessera.Acceptance.Tests.Conversion;

/// <summary>ModernBERT's folders as GGUF files of llama.cpp's architecture: the commands answer from the file as from the folder.</summary>
public sealed class ModernBertConversionTests(ConversionStack stack) : IClassFixture<ConversionStack>
{
    // Of embeddings whose length is 1, and of scores near 1: F32 is the folder's own; F16 rounds each of four layers' four products; a block of 32 weights loses half of its 127th part at most.
    private const double OfF32 = 1e-6, OfF16 = 4 * 4 * 0.5 / 1024, OfBytes = 4 * 4 * 0.5 / 127;

    public static TheoryData<string?, double> Types => new() { { null, OfF32 }, { "F16", OfF16 }, { "Q8_0", OfBytes } };

    [Theory, MemberData(nameof(Types))]
    public async Task A_file_embeds_as_its_folder(string? type, double tolerance)
    {
        using TemporaryTree folder = ModernBertFolder.Write();
        using TemporaryFile file = new();
        WritePlan plan = stack.Convert(folder.Path, file.Path, type);
        Assert.Equal("modern-bert", plan.Architecture);
        string[] lines = [.. ModernBertFolder.Texts.Select(t => JsonSerializer.Serialize(new { text = t })), """{"ids": [5, 6, 7]}"""];
        JsonElement[] ofFolder = await TesseraProcess.AskAsync(lines, "embed", folder.Path, "--activations", "float32"), ofFile = await TesseraProcess.AskAsync(lines, "embed", file.Path, "--activations", "float32");
        for (int i = 0; i < lines.Length; i++)
        {
            Assert.Equal(EncoderGolden.Integers(ofFolder[i].GetProperty("ids")), EncoderGolden.Integers(ofFile[i].GetProperty("ids")));
            Assert.InRange(EncoderGolden.Difference(EncoderGolden.Numbers(ofFolder[i].GetProperty("embedding")), Singles(ofFile[i].GetProperty("embedding"))), 0, tolerance);
        }
        // Each text has a vector of its own.
        Assert.Equal(lines.Length, ofFile.Select(l => l.GetProperty("embedding").GetRawText()).Distinct().Count());
    }

    [Theory, MemberData(nameof(Types))]
    public async Task A_file_scores_as_its_folder(string? type, double tolerance)
    {
        using TemporaryTree folder = ModernBertFolder.Write(isClassifier: true);
        using TemporaryFile file = new();
        stack.Convert(folder.Path, file.Path, type);
        string[] lines = [JsonSerializer.Serialize(new { query = "where is the fox?", documents = ModernBertFolder.Texts })];
        JsonElement[] ofFolder = await TesseraProcess.AskAsync(lines, "rerank", folder.Path, "--activations", "float32"), ofFile = await TesseraProcess.AskAsync(lines, "rerank", file.Path, "--activations", "float32");
        double[] expected = EncoderGolden.Numbers(ofFolder[0].GetProperty("scores"));
        Assert.Equal(ModernBertFolder.Texts.Length, expected.Distinct().Count());
        Assert.InRange(EncoderGolden.Difference(expected, Singles(ofFile[0].GetProperty("scores"))), 0, tolerance * expected.Max(Math.Abs));
    }

    // What llama.cpp's architecture has no place for is named.
    [Theory]
    [InlineData(", \"classifier_pooling\": \"cls\"", "First")]
    [InlineData(", \"classifier_activation\": \"silu\"", "Silu")]
    [InlineData(", \"hidden_activation\": \"tanh\"", "Tanh")]
    [InlineData(", \"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 2.0}", "Linear")]
    public void A_folder_that_the_file_could_not_say_is_refused(string more, string named)
    {
        using TemporaryTree folder = ModernBertFolder.Write(isClassifier: true);
        // A later key of the same name would be a broken file.
        string config = File.ReadAllText(folder["config.json"]), key = more.Split('"')[1];
        File.WriteAllText(folder["config.json"], System.Text.RegularExpressions.Regex.Replace(config, $",\\s*\"{key}\": \"[^\"]*\"", "").TrimEnd()[..^1] + more + "}");
        using TemporaryFile file = new();
        Assert.Contains(named, Assert.ThrowsAny<TesseraException>(() => stack.Convert(folder.Path, file.Path, null)).Message, StringComparison.Ordinal);
    }

    private static float[] Singles(JsonElement list) => [.. list.EnumerateArray().Select(v => v.GetSingle())];
}
