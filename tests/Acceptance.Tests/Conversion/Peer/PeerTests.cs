using Tessera.Acceptance.Tests.Stack;
using Tessera.Corpus;

namespace Tessera.Acceptance.Tests.Conversion.Peer;

/// <summary>The peer reads what <c>tessera convert</c> and <c>quantize</c> write: it cuts texts into the same tokens and continues them with the same probabilities.</summary>
public sealed class PeerTests(ConversionStack stack) : IClassFixture<ConversionStack>
{
    private const int Texts = 20;

    private readonly PeerComparison _comparison = new(stack);

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
        await _comparison.RunAsync(quantized.Path, quantized.Path, type, texts, texts[..Questions.Length], [], isTrained: true);
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
        await _comparison.RunAsync(file.Path, file.Path, type, [.. golden.Texts.Select(t => t.GetProperty("text").GetString()!)], [], [golden.Prompt], isTrained: false);
    }

    /// <summary>Two rows of one matrix in each other's place, as where the pairs of a rotation are laid out wrongly; with weights of four bits all pairs of the matrix.</summary>
    [Theory]
    [InlineData("F32"), InlineData("F16"), InlineData("BF16"), InlineData("Q8_0"), InlineData("Q4_K_M")]
    public async Task A_wrong_conversion_is_noticed(string type)
    {
        PeerServer.Require();
        using TemporaryFile right = new(), wrong = new();
        WritePlan plan = stack.Convert(Demo, right.Path, type);
        WriteWrong(right.Path, wrong.Path, plan, allPairs: type == "Q4_K_M");
        string[] prompts = [.. Questions.Select(q => $"<|im_start|>user\n{q}<|im_end|>\n<|im_start|>assistant\n")];
        await NoticedAsync(() => _comparison.RunAsync(right.Path, wrong.Path, type, [], prompts, [], isTrained: true));
    }

    [Theory]
    [InlineData("llama3", "Q8_0"), InlineData("qwen3", "Q8_0"), InlineData("gemma3_text", "Q4_K_M")]
    public async Task A_wrong_conversion_of_random_weights_is_noticed(string name, string type)
    {
        PeerServer.Require();
        HfModels.HfGolden golden = HfModels.HfGolden.Require(name);
        using TemporaryFile right = new(), wrong = new();
        WritePlan plan = stack.Convert(golden.Folder, right.Path, type);
        WriteWrong(right.Path, wrong.Path, plan, allPairs: false);
        await NoticedAsync(() => _comparison.RunAsync(right.Path, wrong.Path, type, [], [], [golden.Prompt], isTrained: false));
    }

    private static async Task NoticedAsync(Func<Task> compare)
    {
        Exception? failed = await Record.ExceptionAsync(compare);
        TestContext.Current.TestOutputHelper?.WriteLine(failed?.Message ?? "not noticed");
        Assert.IsType<Xunit.Sdk.XunitException>(failed, exactMatch: false);
    }

    private static void WriteWrong(string right, string wrong, WritePlan plan, bool allPairs)
    {
        byte[] file = File.ReadAllBytes(right);
        WrittenTensor tensor = plan.Tensors.Single(t => t.Name == "blk.0.attn_q.weight");
        int row = (int)(tensor.Length / tensor.Shape[0]);
        for (int at = 0; at < (allPairs ? tensor.Shape[0] : 2); at += 2)
        {
            Span<byte> first = file.AsSpan((int)tensor.Offset + at * row, row), second = file.AsSpan((int)tensor.Offset + (at + 1) * row, row);
            byte[] kept = first.ToArray();
            second.CopyTo(first);
            kept.CopyTo(second);
        }
        File.WriteAllBytes(wrong, file);
    }
}
