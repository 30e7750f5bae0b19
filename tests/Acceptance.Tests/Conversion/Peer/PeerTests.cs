using Tessera.Acceptance.Tests.Stack;
using Tessera.Corpus;
using Tessera.Engine;
using Tessera.Engine.Evaluation;

namespace Tessera.Acceptance.Tests.Conversion.Peer;

/// <summary>The peer reads what <c>tessera convert</c> and <c>quantize</c> write: it cuts texts into the same tokens and continues them with the same probabilities.</summary>
public sealed class PeerTests(ConversionStack stack) : IClassFixture<ConversionStack>
{
    private const int Context = 256, Tokens = 24, Alternatives = 10, Texts = 20;

    // Logarithms of probabilities. The peer rounds activations to the type of floats that the weights have, to eight bits for quantized ones, and looks GELU up in a table.
    // Random weights with peaked attention take rounding worse than a trained model.
    private const double OfF16 = 0.02, OfBF16 = 0.2, OfQuantized = 0.5, OfRandomF16 = 0.1, OfRandomQuantized = 1.5;

    private static readonly string[] Questions = ["Tell me a story about a fox in the garden.", "What is the capital of France?"];

    private static string Demo => Path.Combine(Shared.RepositoryRoot, "models", "demo", "hf");

    [Theory]
    [InlineData("BF16", OfBF16), InlineData("F16", OfF16), InlineData("Q8_0", OfQuantized), InlineData("Q4_K_M", OfQuantized)]
    public async Task It_answers_from_the_demos_file_as_we_do(string type, double tolerance)
    {
        PeerServer.Require();
        using TemporaryFile converted = new(), quantized = new();
        stack.Convert(Demo, converted.Path, null);
        stack.Convert(converted.Path, quantized.Path, type);
        string[] texts = [.. Questions.Select(q => $"<|im_start|>user\n{q}<|im_end|>\n<|im_start|>assistant\n"), .. CorpusGenerator.Generate(11, Texts).Select(c => c.Turns[0].Assistant)];
        await CompareAsync(quantized.Path, texts, texts[..Questions.Length], [], tolerance);
    }

    // Not of Gemma 2: the fixture's scale of scores is one that no file can say.
    [Theory]
    [InlineData("gemma3_text", "F16"), InlineData("llama2_bias", "F16"), InlineData("llama3", "F16"), InlineData("llama_sharded", "F16"), InlineData("mistral", "F16"), InlineData("mixtral", "F16")]
    [InlineData("phi3", "F16"), InlineData("qwen2", "F16"), InlineData("qwen2_yarn", "F16"), InlineData("qwen3", "F16"), InlineData("llama3", "Q8_0"), InlineData("qwen3", "Q8_0"), InlineData("gemma3_text", "Q4_K_M")]
    public async Task It_answers_from_a_folders_file_as_we_do(string name, string type)
    {
        PeerServer.Require();
        HfModels.HfGolden golden = HfModels.HfGolden.Require(name);
        using TemporaryFile file = new();
        stack.Convert(golden.Folder, file.Path, type);
        await CompareAsync(file.Path, [.. golden.Texts.Select(t => t.GetProperty("text").GetString()!)], [], [golden.Prompt], type == "F16" ? OfRandomF16 : OfRandomQuantized);
    }

    /// <summary>Compares on one file: ids of texts, and the peer's greedy continuations of prompts with what we give to each of its tokens.</summary>
    private async Task CompareAsync(string file, string[] texts, string[] prompts, int[][] ids, double tolerance)
    {
        using Composition composition = stack.Host.Build(file, tolerance is OfQuantized or OfRandomQuantized ? ActivationPrecision.Fast : ActivationPrecision.Float32, Context);
        using SequenceEvaluator evaluator = new(composition.Name, composition.Graph, composition.Runtime, composition.Limits, Context);
        await using PeerServer peer = await PeerServer.StartAsync(file, Context);
        foreach (string text in texts)
            foreach (bool addSpecial in new[] { false, true })
                Assert.Equal(Encode(composition.Tokenizer, text, addSpecial), await peer.TokenizeAsync(text, addSpecial));
        double largest = 0;
        int tokens = 0, said = 0;
        foreach (int[] prompt in prompts.Select(p => Encode(composition.Tokenizer, p, addSpecial: true)).Concat(ids))
        {
            PeerToken[] answer = await peer.ContinueAsync(prompt, Tokens, Alternatives);
            Assert.NotEmpty(answer);
            (tokens, said) = (tokens + answer.Length, said + answer.Count(t => t.Best.Length > 0));
            int[] whole = [.. prompt, .. answer.Select(t => t.Id)];
            evaluator.Evaluate(whole.AsSpan(0, whole.Length - 1), [.. Enumerable.Range(prompt.Length - 1, answer.Length)], (position, logits) =>
            {
                PeerToken token = answer[position - prompt.Length + 1];
                foreach ((int id, double expected) in token.Best)
                    largest = Math.Max(largest, Math.Abs(expected - LogProbability.Of(logits, id)));
                // Of nearly equal ones either may be the first.
                double lost = logits.ToArray().Max() - logits[token.Id];
                Assert.True(lost <= tolerance, $"token {position}: the peer's is {token.Id}, and another is better by {lost}");
            });
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{composition.Source.Metadata.Architecture}: {texts.Length} texts, {tokens} tokens, {said} of them with probabilities; largest difference of a logarithm of a probability {largest:E2} of {tolerance}");
        Assert.True(said > 0);
        Assert.InRange(largest, 0, tolerance);
    }

    private static int[] Encode(ITokenizer tokenizer, string text, bool addSpecial)
    {
        List<int> ids = [];
        tokenizer.Encode(text, new EncodeOptions { AddSpecial = addSpecial, ParseSpecial = true }, ids);
        return [.. ids];
    }
}
