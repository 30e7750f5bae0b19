using Tessera.Conformance.Fakes;
using Tessera.Engine.Generation;
using Tessera.Engine.Sampling;

namespace Tessera.Engine.Tests.Scheduling;

/// <summary>Prefix sharing, forks and drafts.</summary>
public sealed class SharingTests
{
    [Fact]
    public void A_prompt_finds_what_another_left_and_computes_its_last_token()
    {
        using LedgerEngine ledger = new();
        int[] prompt = LedgerEngine.Prompt(1, 64);
        int[] tokens = Generate(ledger, prompt, 40, null, out int cached);
        Assert.Equal(0, cached);
        Assert.Equal(tokens, Generate(ledger, prompt, 40, null, out cached));
        Assert.Equal(48, cached);
        int[] next = [.. prompt, .. tokens, 1, 2, 3];
        Assert.Equal(ledger.Model.Greedy(next, 20), Generate(ledger, next, 20, null, out cached));
        // The last token of the answer was never computed, so its block is not full.
        Assert.Equal(96, cached);
        ledger.AssertClean();
    }

    [Fact]
    public void Different_salts_share_nothing()
    {
        using LedgerEngine ledger = new();
        int[] prompt = LedgerEngine.Prompt(1, 100);
        Generate(ledger, prompt, 5, "a", out _);
        Generate(ledger, prompt, 5, "b", out int other);
        Generate(ledger, prompt, 5, null, out int none);
        Generate(ledger, prompt, 5, "", out int empty);
        Generate(ledger, prompt, 5, "a", out int same);
        Assert.Equal((0, 0, 0, 96), (other, none, empty, same));
        ledger.AssertClean();
    }

    [Fact]
    public void Without_prefix_caching_nothing_is_found()
    {
        using LedgerEngine ledger = new(new EngineOptions { PrefixCaching = false });
        Generate(ledger, LedgerEngine.Prompt(1, 100), 5, null, out _);
        Generate(ledger, LedgerEngine.Prompt(1, 100), 5, null, out int cached);
        Assert.Equal(0, cached);
        Assert.Equal(0, ledger.Engine.Load.BlocksCached);
        ledger.AssertClean();
    }

    [Fact]
    public void A_hit_is_the_longest_that_is_valid_in_every_group()
    {
        using LedgerEngine ledger = new(windows: [0, 40]);
        int[] prompt = LedgerEngine.Prompt(1, 200);
        int[] expected = ledger.Model.Greedy(prompt, 30);
        Assert.Equal(expected, Generate(ledger, prompt, 30, null, out _));
        Assert.Equal(expected, Generate(ledger, prompt, 30, null, out int cached));
        Assert.Equal(192, cached);
        int[] half = [.. prompt[..100], 1, 2, 3];
        Assert.Equal(ledger.Model.Greedy(half, 30), Generate(ledger, half, 30, null, out cached));
        Assert.Equal(96, cached);
        ledger.AssertClean();
    }

    [Fact]
    public void Blocks_that_a_window_has_passed_are_given_back()
    {
        using LedgerEngine ledger = new(new EngineOptions { PrefixCaching = false, PrefillChunk = 32 }, windows: [40]);
        int most = 0;
        GenerationStream stream = ledger.Submit(LedgerEngine.Prompt(1, 600), 300);
        while (ledger.Engine.Step())
            most = Math.Max(most, ledger.Engine.Load.BlocksUsed);
        Assert.Equal(ledger.Model.Greedy(LedgerEngine.Prompt(1, 600), 300), LedgerEngine.Read(stream));
        Assert.InRange(most, 3, 6);
        ledger.AssertClean();
    }

    [Fact]
    public void Choices_compute_the_prompt_once_and_differ_by_their_draws()
    {
        using LedgerEngine ledger = new();
        int[] prompt = LedgerEngine.Prompt(1, 100);
        SamplingOptions sampling = new() { Seed = 7, TopK = 40 };
        IReadOnlyList<GenerationStream> streams = ledger.Engine.Submit(new GenerationRequest { Prompt = prompt, MaxTokens = 30, Choices = 4, Sampling = sampling });
        ledger.Run();
        Assert.Equal(100, ledger.Records.Sum(r => r.PrefillRows));
        int[][] outputs = [.. streams.Select(LedgerEngine.Read)];
        for (int choice = 0; choice < 4; choice++)
            Assert.Equal(ledger.Expected(prompt, 30, sampling, choice), outputs[choice]);
        Assert.Equal(4, outputs.Select(o => string.Join(',', o)).Distinct().Count());
        // Three of four copy the block in which the prompt ends.
        Assert.Equal(3, ledger.Backend.Runtimes[0].Copies);
        ledger.AssertClean();
    }

    [Fact]
    public void A_choice_that_is_cancelled_before_the_prompt_is_computed_leaves_the_others()
    {
        using LedgerEngine ledger = new(new EngineOptions { PrefillChunk = 20 });
        int[] prompt = LedgerEngine.Prompt(1, 100);
        GenerationRequest request = new() { Prompt = prompt, MaxTokens = 10, Choices = 3, Sampling = LedgerEngine.Greedy };
        IReadOnlyList<GenerationStream> streams = ledger.Engine.Submit(request);
        ledger.Engine.Step();
        streams[0].Cancel();
        streams[1].Cancel();
        ledger.Engine.Step();
        Assert.Equal(FinishReason.Cancelled, streams[0].FinishReason);
        Assert.Equal(FinishReason.Cancelled, streams[1].FinishReason);
        ledger.Run();
        Assert.Equal(ledger.Model.Greedy(prompt, 10), LedgerEngine.Read(streams[2]));
        Assert.Equal(0, streams[0].Unread + streams[1].Unread);
        IReadOnlyList<GenerationStream> all = ledger.Engine.Submit(request with { Prompt = LedgerEngine.Prompt(2, 100) });
        ledger.Engine.Step();
        foreach (GenerationStream stream in all)
            stream.Cancel();
        ledger.Run();
        Assert.All(all, s => Assert.Equal(FinishReason.Cancelled, s.FinishReason));
        ledger.AssertClean();
    }

    [Theory]
    [InlineData(0, true), InlineData(1, true), InlineData(3, true), InlineData(0, false), InlineData(4, false)]
    public void Drafts_change_the_number_of_steps_and_not_the_output(int wrongEvery, bool greedy)
    {
        SamplingOptions sampling = greedy ? LedgerEngine.Greedy : new SamplingOptions { Seed = 3, Temperature = 1, TopP = 0.9f };
        int[][] prompts = [.. Enumerable.Range(0, 5).Select(i => LedgerEngine.Prompt(i, 20 + 11 * i))];
        int[][] expected;
        using (LedgerEngine plain = new())
            expected = [.. prompts.Select(p => plain.Expected(p, 60, sampling))];
        FixedDrafts drafts = new(5, prompts.Select((p, i) => (IReadOnlyList<int>)[.. p, .. expected[i]])) { WrongEvery = wrongEvery, WrongToken = 9 };
        using LedgerEngine ledger = new(strategy: drafts);
        GenerationStream[] streams = [.. prompts.Select(p => ledger.Submit(p, 60, sampling))];
        ledger.Run();
        for (int i = 0; i < prompts.Length; i++)
            Assert.Equal(expected[i], LedgerEngine.Read(streams[i]));
        Assert.Empty(drafts.Problems);
        Assert.Equal(streams.Select(s => s.Id).Order(), drafts.EndedSequences.Order());
        Assert.Equal(drafts.Accepted, ledger.Records.Sum(r => r.Accepted));
        Assert.Equal(wrongEvery != 1, drafts.Accepted > 0);
        Assert.True(drafts.Proposed > 100);
        if (wrongEvery == 0)
            Assert.InRange(ledger.Records.Count, 8, 12);
        ledger.AssertClean();
    }

    [Fact]
    public void A_strategy_that_throws_is_left_aside()
    {
        using LedgerEngine ledger = new(strategy: new Throwing());
        int[] prompt = LedgerEngine.Prompt(1, 20);
        GenerationStream stream = ledger.Submit(prompt, 20);
        ledger.Run();
        Assert.Equal(ledger.Model.Greedy(prompt, 20), LedgerEngine.Read(stream));
        Assert.Contains("no idea", ledger.Engine.DraftingProblem, StringComparison.Ordinal);
        Assert.Equal((3, 3), (ledger.Engine.Speculation!.Faults, ledger.DraftFaults.Count));
        Assert.Equal([false, false, true], ledger.DraftFaults.Select(f => f.IsLast));
        ledger.AssertClean();
    }

    private static int[] Generate(LedgerEngine ledger, int[] prompt, int count, string? salt, out int cached)
    {
        GenerationStream stream = ledger.Submit(prompt, count, salt: salt);
        ledger.Run();
        cached = stream.CachedTokens;
        return LedgerEngine.Read(stream);
    }

    private sealed class Throwing : IDecodingStrategy
    {
        public int MaxDraft => 3;
        public IReadOnlyList<string> Sources => ["none"];
        public void Propose(ReadOnlySpan<DraftSequence> sequences, IDraftSink sink)
        {
            sink.Add(0, 0, [1, 2]);
            throw new InvalidOperationException("no idea");
        }
        public void Verified(long sequence, int proposed, int accepted) { }
        public void Ended(long sequence) { }
    }
}
