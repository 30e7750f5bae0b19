using Tessera.Acceptance.Tests.Stack;
using Tessera.Corpus;
using Tessera.Engine;
using Tessera.Engine.Evaluation;

namespace Tessera.Acceptance.Tests.Conversion.Peer;

/// <summary>The peer reads what <c>tessera convert</c> and <c>quantize</c> write: it cuts texts into the same tokens and continues them with the same probabilities.</summary>
public sealed class PeerTests(ConversionStack stack) : IClassFixture<ConversionStack>
{
    private const int Context = 256, Tokens = 24, Alternatives = 10, Texts = 20;

    private static readonly string[] Questions = ["Tell me a story about a fox in the garden.", "What is the capital of France?"];

    private static string Demo => Path.Combine(Shared.RepositoryRoot, "models", "demo", "hf");

    [Theory]
    [InlineData("F32"), InlineData("BF16"), InlineData("F16"), InlineData("Q8_0"), InlineData("Q4_K_M")]
    public async Task It_answers_from_the_demos_file_as_we_do(string type)
    {
        PeerServer.Require();
        using TemporaryFile converted = new(), quantized = new();
        stack.Convert(Demo, converted.Path, null);
        stack.Convert(converted.Path, quantized.Path, type);
        string[] texts = [.. Questions.Select(q => $"<|im_start|>user\n{q}<|im_end|>\n<|im_start|>assistant\n"), .. CorpusGenerator.Generate(11, Texts).Select(c => c.Turns[0].Assistant)];
        await CompareAsync(quantized.Path, quantized.Path, type, texts, texts[..Questions.Length], [], isTrained: true);
    }

    // Not of Gemma 2: the fixture's scale of scores is one that no file can say.
    [Theory]
    [InlineData("gemma3_text", "F32"), InlineData("llama2_bias", "F32"), InlineData("llama3", "F32"), InlineData("llama_sharded", "F32"), InlineData("mistral", "F32"), InlineData("mixtral", "F32")]
    [InlineData("phi3", "F32"), InlineData("qwen2", "F32"), InlineData("qwen2_yarn", "F32"), InlineData("qwen3", "F32"), InlineData("llama3", "F16"), InlineData("qwen3", "F16"), InlineData("gemma3_text", "F16")]
    [InlineData("llama3", "Q8_0"), InlineData("qwen3", "Q8_0"), InlineData("gemma3_text", "Q4_K_M")]
    public async Task It_answers_from_a_folders_file_as_we_do(string name, string type)
    {
        PeerServer.Require();
        HfModels.HfGolden golden = HfModels.HfGolden.Require(name);
        using TemporaryFile file = new();
        stack.Convert(golden.Folder, file.Path, type);
        await CompareAsync(file.Path, file.Path, type, [.. golden.Texts.Select(t => t.GetProperty("text").GetString()!)], [], [golden.Prompt], isTrained: false);
    }

    /// <summary>Two rows of one matrix in each other's place, as where the pairs of a rotation are laid out wrongly.</summary>
    [Theory]
    [InlineData("F32"), InlineData("F16"), InlineData("BF16")]
    public async Task A_wrong_conversion_is_noticed(string type)
    {
        PeerServer.Require();
        using TemporaryFile right = new(), wrong = new();
        WritePlan plan = stack.Convert(Demo, right.Path, type);
        byte[] file = File.ReadAllBytes(right.Path);
        WrittenTensor tensor = plan.Tensors.Single(t => t.Name == "blk.0.attn_q.weight");
        int row = (int)(tensor.Length / tensor.Shape[0]);
        Span<byte> first = file.AsSpan((int)tensor.Offset, row), second = file.AsSpan((int)tensor.Offset + row, row);
        byte[] kept = first.ToArray();
        second.CopyTo(first);
        kept.CopyTo(second);
        File.WriteAllBytes(wrong.Path, file);
        string[] prompts = [.. Questions.Select(q => $"<|im_start|>user\n{q}<|im_end|>\n<|im_start|>assistant\n")];
        Exception? failed = await Record.ExceptionAsync(() => CompareAsync(right.Path, wrong.Path, type, [], prompts, [], isTrained: true));
        Assert.IsType<Xunit.Sdk.XunitException>(failed, exactMatch: false);
    }

    /// <summary>Compares on a file: ids of texts, and the peer's greedy continuations of prompts with what we give to each of its tokens.</summary>
    private async Task CompareAsync(string ours, string theirs, string type, string[] texts, string[] prompts, int[][] ids, bool isTrained)
    {
        ModelMetadata m = stack.Metadata(ours);
        (double tolerance, ActivationPrecision activations) = PeerTolerance.Of(type, Math.Max(m.EmbeddingLength, m.FeedForwardLength), isTrained, hasGelu: m.Architecture == "gemma3");
        using Composition composition = stack.Host.Build(ours, activations, Context);
        using SequenceEvaluator evaluator = new(composition.Name, composition.Graph, composition.Runtime, composition.Limits, Context);
        await using PeerServer peer = await PeerServer.StartAsync(theirs, Context);
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
        TestContext.Current.TestOutputHelper?.WriteLine($"{m.Architecture}, {type}: {texts.Length} texts, {tokens} tokens, {said} of them with probabilities; largest difference of a logarithm of a probability {largest:E2} of {tolerance}");
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
