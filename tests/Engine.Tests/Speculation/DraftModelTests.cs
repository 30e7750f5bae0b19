using Tessera.Conformance.Fakes;
using Tessera.Conformance.Ledger;
using Tessera.Engine.Generation;
using Tessera.Engine.Speculation;
using Tessera.Engine.Tests.Scheduling;

namespace Tessera.Engine.Tests.Speculation;

public sealed class DraftModelTests
{
    private static readonly EngineOptions Untuned = new() { TuneDrafts = false, MemoryPatience = TimeSpan.Zero };

    [Theory]
    [InlineData(0), InlineData(24), InlineData(1)]
    public void A_draft_model_of_the_same_kind_drafts_what_the_model_says(int window)
    {
        ModelDrafts strategy = new(4);
        using LedgerEngine ledger = new(Untuned, windows: [window], strategy: strategy, draft: Same([window]));
        int[][] prompts = [.. Enumerable.Range(0, 6).Select(i => LedgerEngine.Prompt(i, 10 + 3 * i))];
        GenerationStream[] streams = [.. prompts.Select(p => ledger.Submit(p, 41))];
        ledger.Run();
        for (int i = 0; i < prompts.Length; i++)
            Assert.Equal(ledger.Model.Greedy(prompts[i], 41), LedgerEngine.Read(streams[i]));
        // One token of prefill, then five a step.
        Assert.All(ledger.Drafts, d => Assert.Equal(d.Proposed, d.Accepted));
        Assert.Equal(6 * 32, ledger.Drafts.Sum(d => d.Accepted));
        Assert.Equal(6, strategy.MostAtOnce);
        // k batches for all sequences of a step, not for each.
        Assert.Equal(strategy.Batches, ledger.DraftBackend!.Runtimes[0].Steps);
        Assert.True(strategy.Batches <= 4 * ledger.Records.Count);
        ledger.AssertClean();
    }

    [Theory]
    [InlineData(0), InlineData(24)]
    public void What_a_rejected_draft_left_is_computed_over(int window)
    {
        // It sees fewer tokens than the model and guesses wrongly.
        using LedgerEngine ledger = new(Untuned, strategy: new ModelDrafts(5), draft: Same([window == 0 ? 3 : window, 0]));
        int[] prompt = LedgerEngine.Prompt(1, 50);
        GenerationStream stream = ledger.Submit(prompt, 60);
        ledger.Run();
        Assert.Equal(ledger.Model.Greedy(prompt, 60), LedgerEngine.Read(stream));
        Assert.True(ledger.Drafts.Sum(d => d.Proposed - d.Accepted) > 200);
        ledger.AssertClean();
    }

    [Fact]
    public void A_long_prompt_is_caught_up_in_chunks_while_others_draft()
    {
        ModelDrafts strategy = new(3);
        using LedgerEngine ledger = new(Untuned, strategy: strategy, draft: Same([0]));
        GenerationStream first = ledger.Submit(LedgerEngine.Prompt(1, 20), 100);
        for (int i = 0; i < 5; i++)
            ledger.Engine.Step();
        int most = 0;
        ledger.DraftBackend!.OnStep = batch => most = Math.Max(most, batch.RowCount);
        GenerationStream second = ledger.Submit(LedgerEngine.Prompt(2, 700), 60);
        ledger.Run();
        Assert.Equal(ledger.Model.Greedy(LedgerEngine.Prompt(1, 20), 100), LedgerEngine.Read(first));
        Assert.Equal(ledger.Model.Greedy(LedgerEngine.Prompt(2, 700), 60), LedgerEngine.Read(second));
        Assert.InRange(most, 64, 128);
        Assert.True(second.AcceptedTokens > 30, $"{second.AcceptedTokens} accepted");
        Assert.All(ledger.Drafts, d => Assert.Equal(d.Proposed, d.Accepted));
        ledger.AssertClean();
    }

    [Fact]
    public void A_draft_model_gives_its_memory_to_sequences_that_need_it()
    {
        // Room for the sequences' own blocks, and little beside.
        using LedgerEngine ledger = new(Untuned, strategy: new ModelDrafts(3), draft: Same([0]), blocks: 22);
        int[][] prompts = [.. Enumerable.Range(0, 3).Select(i => LedgerEngine.Prompt(i, 30))];
        GenerationStream[] streams = [.. prompts.Select(p => ledger.Submit(p, 80))];
        ledger.Run();
        for (int i = 0; i < prompts.Length; i++)
            Assert.Equal(ledger.Model.Greedy(prompts[i], 80), LedgerEngine.Read(streams[i]));
        ledger.AssertClean();
    }

    [Fact]
    public void Memory_that_the_draft_model_keeps_fails_no_request()
    {
        using LedgerEngine ledger = new(Untuned, strategy: new ModelDrafts(3), draft: Same([0]), blocks: 14);
        ledger.Submit(LedgerEngine.Prompt(1, 30), 50);
        ledger.Run();
        Assert.Contains(ledger.Drafts, d => d.Accepted > 0);
        // All of the budget but two blocks.
        int[] prompt = LedgerEngine.Prompt(2, 170);
        GenerationStream stream = ledger.Submit(prompt, 20);
        ledger.Run();
        Assert.Equal(ledger.Model.Greedy(prompt, 20), LedgerEngine.Read(stream));
        Assert.Equal(FinishReason.Length, stream.FinishReason);
        ledger.AssertClean();
    }

    // Set aside after three faults, or a draft model that fails: neither may keep what requests need.
    [Theory]
    [InlineData(true), InlineData(false)]
    public void Memory_of_a_draft_model_that_is_not_used_any_more_fails_no_request(bool setAside)
    {
        ModelDrafts strategy = new(3) { ThrowsFromTurn = setAside ? 6 : int.MaxValue };
        using LedgerEngine ledger = new(Untuned, strategy: strategy, draft: Same([0]), blocks: 14);
        if (!setAside)
            ledger.DraftBackend!.ThrowAtStep = 12;
        ledger.Submit(LedgerEngine.Prompt(1, 30), 50);
        ledger.Run();
        Assert.NotEmpty(ledger.DraftFaults);
        Assert.Equal(setAside, ledger.Engine.DraftingProblem is not null);
        int[] prompt = LedgerEngine.Prompt(2, 170);
        GenerationStream stream = ledger.Submit(prompt, 20);
        ledger.Run();
        Assert.Equal(ledger.Model.Greedy(prompt, 20), LedgerEngine.Read(stream));
        Assert.Equal(FinishReason.Length, stream.FinishReason);
    }

    [Fact]
    public void What_a_batch_of_the_draft_model_takes_is_measured_before_requests_come()
    {
        using LedgerEngine ledger = new(strategy: new ModelDrafts(3), draft: Same([0]));
        ledger.DraftBackend!.OnStep = batch =>
        {
            Assert.Equal(1, batch.RowCount);
            ledger.Time.Advance(TimeSpan.FromMilliseconds(7));
        };
        ledger.Engine.Calibrate(TimeSpan.FromSeconds(1));
        Assert.Equal(7, ledger.Engine.Speculation!.DraftMilliseconds, 3);
        ledger.AssertClean();
    }

    /// <summary>Up to eight more rows each cost as much as a step, and 32 together little more than those: only drafts are worth it that are longer than the model's can be.</summary>
    [Theory]
    [InlineData(31, true), InlineData(6, false)]
    public void No_lengths_are_weighed_that_a_draft_of_the_model_cannot_have(int most, bool worth)
    {
        ModelDrafts strategy = new(31) { MostOfModel = most };
        using LedgerEngine ledger = new(new EngineOptions { MemoryPatience = TimeSpan.Zero }, strategy: strategy, draft: Same([0]));
        ledger.Backend.OnStep = batch => ledger.Time.Advance(TimeSpan.FromMilliseconds(batch.RowCount <= 9 ? 10 * batch.RowCount : 95));
        ledger.DraftBackend!.OnStep = _ => ledger.Time.Advance(TimeSpan.FromMilliseconds(0.5));
        ledger.Engine.Calibrate(TimeSpan.FromSeconds(5));
        long calibrated = ledger.DraftBackend.Runtimes[0].Steps;
        int[] prompt = LedgerEngine.Prompt(1, 20);
        GenerationStream stream = ledger.Submit(prompt, 200);
        ledger.Run();
        Assert.Equal(ledger.Model.Greedy(prompt, 200), LedgerEngine.Read(stream));
        Assert.InRange(strategy.MostRoom, 0, most);
        long batches = ledger.DraftBackend.Runtimes[0].Steps - calibrated;
        Assert.True(worth ? ledger.Drafts.Sum(d => d.Accepted) > 100 : batches < 200 / 8 + 5, $"{batches} batches, {ledger.Drafts.Sum(d => d.Accepted)} tokens accepted");
        SourceReport report = Assert.Single(ledger.Engine.Speculation!.Sources);
        Assert.Equal((most, most), (report.MaxDraft, report.Acceptance.Length));
        Assert.Equal(most + 1, Assert.Single(report.Outlooks).TokensPerSecond.Length);
        Assert.Equal(worth, report.Outlooks[0].Rows > 0);
        ledger.AssertClean();
    }

    [Fact]
    public void A_sequence_with_a_token_that_the_draft_model_lacks_is_not_drafted_for()
    {
        using LedgerEngine ledger = new(Untuned, strategy: new ModelDrafts(3), draft: new LedgerModel(200, suppressed: [199]));
        int[] prompt = [1, 2, 3, 250, 4];
        GenerationStream stream = ledger.Submit(prompt, 20);
        ledger.Run();
        // Token 250 is none of the draft model's.
        Assert.Equal(ledger.Model.Greedy(prompt, 20), LedgerEngine.Read(stream));
        Assert.Empty(ledger.Drafts);
        ledger.AssertClean();
    }

    // As many best tokens as a draft may be drawn from, fewer, none; and a draft model with ids that the model lacks, whose best may be one of those.
    [Theory]
    [InlineData(IDraftSink.MaxCandidates, 0, true), InlineData(IDraftSink.MaxCandidates - 1, 0, false), InlineData(0, 0, false), InlineData(IDraftSink.MaxCandidates, 5, false)]
    public void A_runtime_that_finds_the_best_tokens_itself_hands_no_logits_out(int maxBest, int more, bool chooses)
    {
        LedgerModel draft = new(ByteTokenizer.Size + more, suppressed: [ByteTokenizer.Eos, ByteTokenizer.Eot]);
        using LedgerEngine ledger = new(Untuned, strategy: new ModelDrafts(4), draft: draft, draftMaxBest: maxBest);
        int[] prompt = LedgerEngine.Prompt(1, 30);
        GenerationStream stream = ledger.Submit(prompt, 40);
        ledger.Run();
        Assert.Equal(ledger.Model.Greedy(prompt, 40), LedgerEngine.Read(stream));
        Assert.NotEmpty(ledger.Drafts);
        LedgerRuntime runtime = Assert.Single(ledger.DraftBackend!.Runtimes);
        Assert.Equal((chooses, !chooses), (runtime.ChosenRows > 0, runtime.LogitRows > 0));
        ledger.AssertClean();
    }

    [Theory]
    [InlineData(3, 1, "more than 2 batches")]
    [InlineData(1, 0, "expected 1 to 32 best tokens of a draft model's sequence, found 0")]
    [InlineData(1, 33, "expected 1 to 32 best tokens of a draft model's sequence, found 33")]
    public void More_than_there_is_is_refused(int batches, int best, string problem)
    {
        using LedgerEngine ledger = new(Untuned, strategy: new Greedy(batches, best), draft: Same([0]));
        GenerationStream stream = ledger.Submit(LedgerEngine.Prompt(1, 20), 20);
        ledger.Run();
        Assert.Equal(FinishReason.Length, stream.FinishReason is FinishReason.None ? Drain(stream) : stream.FinishReason);
        Assert.Contains(problem, ledger.Engine.DraftingProblem, StringComparison.Ordinal);
    }

    private static FinishReason Drain(GenerationStream stream)
    {
        LedgerEngine.Read(stream);
        return stream.FinishReason;
    }

    private static LedgerModel Same(int[] windows) => new(ByteTokenizer.Size, windows, [ByteTokenizer.Eos, ByteTokenizer.Eot]);

    private sealed class Greedy(int batches, int best) : IDraftModelStrategy
    {
        private IDraftModel? _model;
        public int MaxDraft => 2;
        public IReadOnlyList<string> Sources { get; } = [DraftSources.Model];
        public void Attach(IDraftModel model) => _model = model;

        public void Propose(ReadOnlySpan<DraftSequence> sequences, IDraftSink sink)
        {
            for (int i = 0; i < batches; i++)
                _model!.Compute([new DraftModelSequence(sequences[0].Id, sequences[0].Tokens, default, best)]);
        }

        public void Verified(long sequence, int proposed, int accepted) { }
        public void Ended(long sequence) { }
    }
}
