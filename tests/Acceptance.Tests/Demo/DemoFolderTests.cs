using System.Text;
using Tessera.Acceptance.Tests.Conversion;
using Tessera.Acceptance.Tests.Stack;
using Tessera.Corpus;
using Tessera.Engine;
using Tessera.Engine.Evaluation;

namespace Tessera.Acceptance.Tests.Demo;

/// <summary>The demo model's own folder in BF16: it runs as it is, and the files that it is converted to lose as little as their bits allow.</summary>
public sealed class DemoFolderTests(ConversionStack stack) : IClassFixture<ConversionStack>
{
    // Another seed than the corpus has, so that most of the text is new to the model; always the same.
    private const int Seed = 7, Conversations = 60, Context = 512;

    private static double? s_ofFolder;

    private static string Folder => Path.Combine(Shared.RepositoryRoot, "models", "demo", "hf");

    private static string File => Path.Combine(Shared.RepositoryRoot, "models", "demo", "demo.gguf");

    [Fact]
    public void Folder_and_shipped_file_are_one_model()
    {
        using Composition folder = stack.Host.Build(Folder, ActivationPrecision.Fast, Context), file = stack.Host.Build(File, ActivationPrecision.Fast, Context);
        Assert.All(folder.Source.Tensors, t => Assert.Equal("bf16", t.Quantization));
        Assert.Equal(file.Source.Tensors.Select(t => t.Name).Order(StringComparer.Ordinal), folder.Source.Tensors.Select(t => t.Name).Order(StringComparer.Ordinal));
        // A GGUF file's are told by their spelling too.
        Assert.NotEmpty(folder.Tokenizer.EndTokens);
        Assert.All(folder.Tokenizer.EndTokens, id => Assert.Contains(id, file.Tokenizer.EndTokens));
        Assert.Equal(file.Source.ChatTemplate, folder.Source.ChatTemplate);
        Assert.All(Texts, text => Assert.Equal(Ids(file.Tokenizer, text), Ids(folder.Tokenizer, text)));
        Assert.Empty(folder.Source.Warnings);
        // The file's weights are of 8 bits.
        Assert.InRange(Perplexity(file) / OfFolder(folder), 1 - 0.002, 1 + 0.002);
    }

    [Theory]
    [InlineData("Q8_0", 0.002, 0.52, 0.54)]
    [InlineData("Q4_K_M", 0.02, 0.28, 0.33)]
    public void A_converted_file_keeps_the_perplexity_in_part_of_the_memory(string type, double loss, double least, double most)
    {
        using TemporaryFile converted = new();
        stack.Convert(Folder, converted.Path, type);
        using Composition folder = stack.Host.Build(Folder, ActivationPrecision.Fast, Context), file = stack.Host.Build(converted.Path, ActivationPrecision.Fast, Context);
        double expected = OfFolder(folder), found = Perplexity(file), memory = (double)Weights(file) / Weights(folder);
        TestContext.Current.TestOutputHelper?.WriteLine($"{type}: perplexity {found:F5} of {expected:F5} ({found / expected - 1:+0.000%;-0.000%}), weights {Weights(file)} of {Weights(folder)} bytes ({memory:P1}), {Texts.Sum(t => Ids(folder.Tokenizer, t).Length)} tokens");
        Assert.InRange(found / expected, 1 - loss, 1 + loss);
        Assert.InRange(memory, least, most);
    }

    private static IReadOnlyList<string> Texts { get; } = [.. CorpusGenerator.Generate(Seed, Conversations).Select(Text)];

    private static string Text(Conversation conversation)
    {
        StringBuilder text = new();
        if (conversation.System is { } system)
            text.Append($"<|im_start|>system\n{system}<|im_end|>\n");
        foreach (Turn turn in conversation.Turns)
            text.Append($"<|im_start|>user\n{turn.User}<|im_end|>\n<|im_start|>assistant\n{turn.Assistant}<|im_end|>\n");
        return text.ToString();
    }

    private static double OfFolder(Composition folder) => s_ofFolder ??= Perplexity(folder);

    private static double Perplexity(Composition composition)
    {
        using SequenceEvaluator evaluator = new(composition.Name, composition.Graph, composition.Runtime, composition.Limits);
        double nll = 0;
        int count = 0;
        foreach (string text in Texts)
        {
            int[] ids = Ids(composition.Tokenizer, text);
            evaluator.Evaluate(ids, [.. Enumerable.Range(0, ids.Length - 1)], (position, logits) => nll -= LogProbability.Of(logits, ids[position + 1]));
            count += ids.Length - 1;
        }
        return Math.Exp(nll / count);
    }

    private static int[] Ids(ITokenizer tokenizer, string text)
    {
        List<int> ids = [];
        tokenizer.Encode(text, new EncodeOptions { ParseSpecial = true }, ids);
        return [.. ids.Take(Context)];
    }

    private static long Weights(Composition composition) => composition.Source.Tensors.Sum(t => t.Bytes);
}
