using Tessera.Acceptance.Tests.Stack;
using Tessera.Engine;
using Tessera.Engine.Generation;
using Tessera.Engine.Sampling;

namespace Tessera.Acceptance.Tests.Demo;

/// <summary>The shipped draft model drafting for the shipped demo model, through the whole stack: what comes out is the demo model's own, and most of what is drafted is accepted.</summary>
public sealed class DemoSpeculationTests
{
    private const int Context = 512, Most = 160;

    private static readonly string[] Requests =
    [
        "Tell me a story about a fox.", "Tell me a story about an owl in the forest.", "Write a story about a brave knight.", "Tell me a story about a robot in a big city.", "I want to hear a tale about a dragon.",
        "Tell me a bedtime story about a little mouse.", "What is the capital of France?", "How many legs does a spider have?", "Spell the word garden.", "What is 7 plus 5?", "Who are you?", "What can you do?",
    ];

    private static string Folder => Path.Combine(HostFolder.Path, "models", "demo");

    private static string Demo => Path.Combine(Folder, "demo.gguf");

    private static EngineOptions Options => new() { TuneDrafts = false, DraftBudget = TimeSpan.FromSeconds(10), DraftPatience = TimeSpan.FromMinutes(5) };

    /// <summary>The draft model of the same format, and one of another: the demo model itself as a folder of safetensors in BF16.</summary>
    [Theory]
    [InlineData("draft.gguf", 0.4), InlineData("hf", 0.9)]
    public async Task Answers_are_the_demo_models_own(string draft, double useful)
    {
        await using HostStack stack = new(null, ("TESSERA__PLUGINS__OPTIONS__SPEC_DECODING__SOURCES", "draft"));
        await using SteppedEngine plain = new(stack.Build(Demo, ActivationPrecision.Fast, Context), Options);
        await using SteppedEngine spec = new(stack.Builder().Build(HostStack.Entry(Demo, ActivationPrecision.Fast, Context) with { Decoding = "spec.decoding", Draft = Path.Combine(Folder, draft) }), Options);
        GenerationRequest[] requests = [.. Requests.SelectMany((text, i) => Variants(spec.Engine.Composition.Tokenizer, text, i))];
        GenerationStream[] expected = [.. requests.Select(r => plain.Engine.Submit(r with { Speculative = false })[0])], found = [.. requests.Select(r => spec.Engine.Submit(r)[0])];
        plain.Run();
        spec.Run();
        for (int i = 0; i < requests.Length; i++)
        {
            Assert.Equal(Read(expected[i]), Read(found[i]));
            Assert.Equal(expected[i].FinishReason, found[i].FinishReason);
        }
        // Stories end by themselves, or by a stop string, or by the limit.
        Assert.Equal(3, expected.Select(e => e.FinishReason).Distinct().Count());
        (int drafted, int accepted) = spec.Drafts[DraftSources.Model];
        int greedy = found.Where((_, i) => requests[i].Sampling.Temperature == 0).Sum(s => s.AcceptedTokens), of = found.Where((_, i) => requests[i].Sampling.Temperature == 0).Sum(s => s.DraftedTokens);
        TestContext.Current.TestOutputHelper?.WriteLine($"{draft}: {accepted} of {drafted} draft tokens accepted, {greedy} of {of} in greedy answers; {plain.Records.Count} steps without drafts, {spec.Records.Count} with");
        Assert.True(greedy > useful * of, $"{greedy} of {of} draft tokens accepted");
        Assert.True(spec.Records.Count < plain.Records.Count, $"{plain.Records.Count} steps without drafts, {spec.Records.Count} with");
        Assert.Equal(0, spec.Engine.Speculation!.Faults);
    }

    [Fact]
    public async Task Run_gives_the_same_answer_and_says_what_was_accepted()
    {
        string config = Path.Combine(Path.GetTempPath(), $"tessera-demo-{Guid.NewGuid():N}.yaml");
        string shipped = await File.ReadAllTextAsync(Path.Combine(HostFolder.Path, "host.yaml"), TestContext.Current.CancellationToken);
        // Whether it pays to draft on this machine is for the tuner to say: all that is proposed is verified.
        string changed = shipped.Replace("engine:  {", "engine:  { tuneDrafts: false,", StringComparison.Ordinal).Replace("path: models/demo/demo.gguf", $"path: \"{Demo}\"", StringComparison.Ordinal)
            .Replace("decoding: plain", $"decoding: spec.decoding, draft: \"{Path.Combine(Folder, "draft.gguf")}\"", StringComparison.Ordinal);
        Assert.Contains("draft.gguf", changed, StringComparison.Ordinal);
        Assert.Contains("tuneDrafts: false", changed, StringComparison.Ordinal);
        await File.WriteAllTextAsync(config, changed, TestContext.Current.CancellationToken);
        try
        {
            (string plain, string silent) = await TesseraProcess.OutputsAsync(null, "run", "demo", "-p", Requests[0], "-t", "0");
            (string drafted, string said) = await TesseraProcess.OutputsAsync(null, "run", "demo", "--config", config, "-p", Requests[0], "-t", "0");
            Assert.Equal(plain, drafted);
            Assert.DoesNotContain("drafts", silent, StringComparison.Ordinal);
            Assert.Matches(@"drafts: .*draft [1-9]\d* of \d+ accepted", said);
            TestContext.Current.TestOutputHelper?.WriteLine(said);
        }
        finally
        {
            File.Delete(config);
        }
    }

    /// <summary>A request greedily, by a seed, and one that a stop string or the limit ends.</summary>
    private static IEnumerable<GenerationRequest> Variants(ITokenizer tokenizer, string text, int index)
    {
        List<int> prompt = [];
        tokenizer.Encode($"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n", new EncodeOptions { ParseSpecial = true }, prompt);
        GenerationRequest greedy = new() { Prompt = [.. prompt], MaxTokens = Most, Sampling = new SamplingOptions { Temperature = 0 }, TopLogProbabilities = 1 };
        yield return greedy;
        yield return greedy with { Sampling = new SamplingOptions { Temperature = 0.8f, TopP = 0.95f, RepetitionPenalty = 1.05f, Seed = (ulong)index } };
        yield return index % 2 == 0 ? greedy with { Stop = [". "], MinTokens = 12 } : greedy with { MaxTokens = 9 };
    }

    private static List<GeneratedToken> Read(GenerationStream stream)
    {
        List<GeneratedToken> tokens = [];
        while (stream.TryRead(out GeneratedToken token, out _))
            tokens.Add(token);
        return tokens;
    }
}
