using Tessera.Conformance.Fakes;
using Tessera.Conformance.Ledger;
using Tessera.Engine.Generation;
using Tessera.Engine.Sampling;

namespace Tessera.Engine.Tests.Scheduling;

/// <summary>A runtime that chooses tokens itself is asked for as many as a draw needs, and the output is what it is with logits.</summary>
public sealed class ChoosingTests
{
    private const int MaxBest = 40, Tokens = 30;

    public static TheoryData<string, bool> Cases => new()
    {
        { "greedy", true }, { "top-k", true }, { "top-k and more", true }, { "no seed", true }, { "top-k of more than are chosen", false }, { "whole", false }, { "penalties", false }, { "bias", false },
    };

    [Theory, MemberData(nameof(Cases))]
    public void Tokens_are_the_same_and_only_what_needs_logits_gets_them(string kind, bool isChosen)
    {
        SamplingOptions sampling = Options(kind);
        using LedgerEngine whole = new(), choosing = new(maxBest: MaxBest);
        (whole.Engine.RandomSeed, choosing.Engine.RandomSeed) = (static () => 5, static () => 5);
        int[][] found = [.. new[] { whole, choosing }.Select(ledger =>
        {
            GenerationStream[] streams = [.. Enumerable.Range(1, 4).Select(i => ledger.Submit(LedgerEngine.Prompt(i, 30 * i), Tokens, sampling))];
            ledger.Run();
            ledger.AssertClean();
            return streams.SelectMany(LedgerEngine.Read).ToArray();
        })];
        Assert.Equal(found[0], found[1]);
        LedgerRuntime runtime = choosing.Backend.Runtimes[0];
        Assert.Equal(isChosen ? (0, found[1].Length) : (found[1].Length, 0), (runtime.LogitRows, runtime.ChosenRows));
    }

    [Theory]
    [InlineData("greedy")]
    [InlineData("top-k and more")]
    [InlineData("no seed")]
    public void Drafts_are_verified_with_what_was_chosen(string kind)
    {
        SamplingOptions sampling = Options(kind);
        int[] prompt = LedgerEngine.Prompt(3, 25);
        using LedgerEngine plain = new();
        plain.Engine.RandomSeed = static () => 5;
        GenerationStream expected = plain.Submit(prompt, Tokens, sampling);
        plain.Run();
        int[] tokens = LedgerEngine.Read(expected), script = [.. prompt, .. tokens];
        foreach (int maxBest in (int[])[0, MaxBest])
        {
            FixedDrafts drafts = new(5, script) { WrongEvery = 6 };
            using LedgerEngine drafting = new(new EngineOptions { TuneDrafts = false }, strategy: drafts, maxBest: maxBest);
            drafting.Engine.RandomSeed = static () => 5;
            GenerationStream stream = drafting.Submit(prompt, Tokens, sampling);
            drafting.Run();
            // Where drafts are accepted by chance other random numbers are drawn: the two engines agree with each other.
            int[] found = LedgerEngine.Read(stream);
            if (kind == "no seed" && maxBest == 0)
                tokens = found;
            Assert.Equal(tokens, found);
            Assert.True(drafts.Proposed > 0);
            LedgerRuntime runtime = drafting.Backend.Runtimes[0];
            Assert.Equal((maxBest == 0, maxBest > 0), (runtime.LogitRows > 0, runtime.ChosenRows > 0));
            drafting.AssertClean();
        }
    }

    [Fact]
    public void Beside_each_other_every_sequence_gets_its_own_rows()
    {
        using LedgerEngine ledger = new(maxBest: MaxBest);
        SamplingOptions[] kinds = [Options("greedy"), Options("whole"), Options("top-k"), Options("penalties")];
        GenerationStream[] streams = [.. kinds.Select((k, i) => ledger.Submit(LedgerEngine.Prompt(i, 20), Tokens, k))];
        IReadOnlyList<GenerationStream> choices = ledger.Engine.Submit(new GenerationRequest { Prompt = LedgerEngine.Prompt(9, 40), MaxTokens = Tokens, Sampling = Options("top-k"), Choices = 3 });
        ledger.Run();
        for (int i = 0; i < kinds.Length; i++)
            Assert.Equal(ledger.Expected(LedgerEngine.Prompt(i, 20), Tokens, kinds[i]), LedgerEngine.Read(streams[i]));
        for (int i = 0; i < choices.Count; i++)
            Assert.Equal(ledger.Expected(LedgerEngine.Prompt(9, 40), Tokens, Options("top-k"), i), LedgerEngine.Read(choices[i]));
        Assert.True(ledger.Backend.Runtimes[0] is { LogitRows: > 0, ChosenRows: > 0 });
        ledger.AssertClean();
    }

    [Fact]
    public void End_tokens_that_may_not_come_yet_and_log_probabilities_need_logits()
    {
        using LedgerEngine ledger = new(maxBest: MaxBest);
        int[] prompt = LedgerEngine.Prompt(1, 12);
        GenerationStream late = ledger.Engine.Submit(new GenerationRequest { Prompt = prompt, MaxTokens = Tokens, MinTokens = 10, Sampling = LedgerEngine.Greedy })[0];
        ledger.Run();
        Assert.Equal(Tokens, LedgerEngine.Read(late).Length);
        LedgerRuntime runtime = ledger.Backend.Runtimes[0];
        Assert.Equal((10, Tokens - 10), (runtime.LogitRows, runtime.ChosenRows));
        ledger.Engine.Submit(new GenerationRequest { Prompt = prompt, MaxTokens = 4, Sampling = LedgerEngine.Greedy, TopLogProbabilities = 0 });
        ledger.Run();
        Assert.Equal((14, Tokens - 10), (runtime.LogitRows, runtime.ChosenRows));
    }

    [Fact]
    public void A_row_that_is_no_number_ends_its_sequence_with_an_error()
    {
        using LedgerEngine ledger = new(maxBest: MaxBest);
        int[] prompt = LedgerEngine.Prompt(4, 8);
        ledger.Backend.NanToken = ledger.Model.Greedy(prompt, 3)[2];
        GenerationStream stream = ledger.Submit(prompt, Tokens);
        ledger.Run();
        LedgerEngine.Read(stream);
        Assert.Equal(FinishReason.Error, stream.FinishReason);
        Assert.Contains("are not numbers", stream.Error, StringComparison.Ordinal);
    }

    private static SamplingOptions Options(string kind) => kind switch
    {
        "greedy" => LedgerEngine.Greedy,
        "top-k" => new SamplingOptions { Seed = 3, TopK = 12 },
        "top-k and more" => new SamplingOptions { Seed = 4, Temperature = 0.7f, TopK = MaxBest, TopP = 0.8f, TypicalP = 0.95f, MinP = 0.02f },
        "no seed" => new SamplingOptions { TopK = 9 },
        "top-k of more than are chosen" => new SamplingOptions { Seed = 5, TopK = MaxBest + 1 },
        "whole" => new SamplingOptions { Seed = 6 },
        "penalties" => new SamplingOptions { Seed = 7, TopK = 9, FrequencyPenalty = 0.4f },
        _ => LedgerEngine.Greedy with { LogitBias = new Dictionary<int, float> { [65] = 3 } },
    };
}
