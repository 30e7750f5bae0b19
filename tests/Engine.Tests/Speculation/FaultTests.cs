using Tessera.Abstractions;
using Tessera.Conformance.Ledger;
using Tessera.Engine.Generation;
using Tessera.Engine.Tests.Scheduling;

namespace Tessera.Engine.Tests.Speculation;

/// <summary>Whatever a strategy does, its sequences get what plain decoding gives.</summary>
public sealed class FaultTests
{
    private static readonly int[] Prompt = LedgerEngine.Prompt(1, 20);

    [Fact]
    public void A_turn_with_an_id_out_of_range_is_lost_whole()
    {
        Script script = new((turn, sequences, sink) =>
        {
            if (turn is 2 or 5)
                sink.Add(0, 0, [1, 2, 100_000]);
        });
        using LedgerEngine ledger = Run(script, 30);
        Assert.Equal(2, ledger.Engine.Speculation!.Faults);
        Assert.Null(ledger.Engine.DraftingProblem);
        Assert.All(ledger.DraftFaults, f => Assert.Contains("100000 is not in 0 to 258", f.Problem, StringComparison.Ordinal));
        Assert.Equal(0, ledger.Records.Sum(r => r.DraftRows));
    }

    [Fact]
    public void A_fault_that_the_strategy_hides_counts_too()
    {
        Script script = new((turn, sequences, sink) =>
        {
            try
            {
                sink.Add(3, 0, [1]);
            }
            catch (PluginException)
            {
            }
        });
        using LedgerEngine ledger = Run(script, 30);
        Assert.Contains("drafts for sequence 3, 1 were asked for", ledger.Engine.DraftingProblem, StringComparison.Ordinal);
        Assert.Equal(3, script.Turns);
    }

    [Theory]
    [InlineData("none"), InlineData("many"), InlineData("twice"), InlineData("sum"), InlineData("negative"), InlineData("absent"), InlineData("range"), InlineData("NaN"), InlineData("mixed"), InlineData("agreed"), InlineData("source")]
    public void A_distribution_that_is_none_is_a_fault(string kind)
    {
        Script script = new((turn, sequences, sink) =>
        {
            switch (kind)
            {
                case "none": sink.AddSampled(0, 0, 1, []); break;
                case "many": sink.AddSampled(0, 0, 1, [.. Enumerable.Range(0, 33).Select(i => new DraftCandidate(i, 1f / 33))]); break;
                case "twice": sink.AddSampled(0, 0, 1, [new(1, 0.5f), new(1, 0.5f)]); break;
                case "sum": sink.AddSampled(0, 0, 1, [new(1, 0.5f), new(2, 0.4f)]); break;
                case "negative": sink.AddSampled(0, 0, 1, [new(1, 1.5f), new(2, -0.5f)]); break;
                case "absent": sink.AddSampled(0, 0, 3, [new(1, 0.5f), new(2, 0.5f)]); break;
                case "range": sink.AddSampled(0, 0, 1, [new(1, 0.5f), new(259, 0.5f)]); break;
                case "NaN": sink.AddSampled(0, 0, 1, [new(1, float.NaN), new(2, 0.5f)]); break;
                case "mixed": sink.Add(0, 0, [1]); sink.Add(0, 1, [2]); break;
                case "agreed": sink.Add(0, 0, [1], -1); break;
                default: sink.Add(0, 2, [1]); break;
            }
        });
        using LedgerEngine ledger = Run(script, 10);
        Assert.Equal(3, ledger.Engine.Speculation!.Faults);
        Assert.NotNull(ledger.Engine.DraftingProblem);
    }

    [Fact]
    public void A_turn_that_takes_too_long_is_lost_and_several_end_it()
    {
        LedgerEngine? running = null;
        Script script = new((turn, sequences, sink) =>
        {
            running!.Time.Advance(TimeSpan.FromMilliseconds(turn % 2 == 0 ? 60 : 1));
            sink.Add(0, 0, [1]);
        });
        using LedgerEngine ledger = new(new EngineOptions { DraftBudget = TimeSpan.FromMilliseconds(50) }, strategy: script);
        running = ledger;
        GenerationStream stream = ledger.Submit(Prompt, 30);
        ledger.Run();
        Assert.Equal(ledger.Model.Greedy(Prompt, 30), LedgerEngine.Read(stream));
        Assert.Contains("it took 60 ms of 50", ledger.Engine.DraftingProblem, StringComparison.Ordinal);
        Assert.Equal(6, script.Turns);
        ledger.AssertClean();
    }

    [Fact]
    public void Faults_that_are_rare_are_forgiven()
    {
        Script script = new((turn, sequences, sink) =>
        {
            if (turn % 1100 == 0)
                throw new InvalidOperationException("now and then");
        });
        using LedgerEngine ledger = Run(script, 5000, maxContext: 8192);
        Assert.Equal(4, ledger.Engine.Speculation!.Faults);
        Assert.Null(ledger.Engine.DraftingProblem);
    }

    [Fact]
    public void Throws_outside_of_a_turn_are_faults_of_the_strategy()
    {
        Script script = new((turn, sequences, sink) => sink.Add(0, 0, [1])) { ThrowsAfter = true };
        using LedgerEngine ledger = Run(script, 10);
        Assert.Contains("not verified", ledger.Engine.DraftingProblem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false), InlineData(true)]
    public async Task A_strategy_that_never_comes_back_from_what_it_is_told_is_given_up(bool atTheEnd)
    {
        using ManualResetEventSlim free = new();
        Script script = new((turn, sequences, sink) => sink.Add(0, 0, [1])) { OnVerified = atTheEnd ? null : free.Wait, OnEnded = atTheEnd ? free.Wait : null };
        EngineOptions options = new() { DraftBudget = TimeSpan.FromMilliseconds(50), DraftPatience = TimeSpan.FromMilliseconds(200), TuneDrafts = false };
        LedgerEngine ledger = new(options, strategy: script, time: TimeProvider.System);
        ledger.Engine.Start();
        foreach (int[] prompt in (int[][])[Prompt, LedgerEngine.Prompt(2, 30)])
        {
            GenerationStream stream = ledger.Submit(prompt, 20);
            List<int> tokens = [];
            while (await stream.WaitAsync(TestContext.Current.CancellationToken))
                tokens.AddRange(LedgerEngine.Read(stream));
            Assert.Equal(ledger.Model.Greedy(prompt, 20), tokens);
        }
        Assert.Contains("did not come back within 0.2 s", ledger.Engine.DraftingProblem, StringComparison.Ordinal);
        ledger.Dispose();
        free.Set();
        for (int i = 0; i < 500 && !ledger.Leases.IsDisposed; i++)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        Assert.True(ledger.Leases.IsDisposed);
        Assert.Empty(ledger.Backend.Violations);
    }

    [Fact]
    public async Task A_strategy_that_never_comes_back_costs_its_own_thread_and_nothing_else()
    {
        using ManualResetEventSlim stuck = new(), free = new();
        Script script = new((turn, sequences, sink) =>
        {
            if (turn != 3)
                return;
            stuck.Set();
            free.Wait();
            sink.Add(0, 0, [1]);
        });
        EngineOptions options = new() { DraftBudget = TimeSpan.FromMilliseconds(50), DraftPatience = TimeSpan.FromMilliseconds(200) };
        LedgerEngine ledger = new(options, strategy: script, time: TimeProvider.System);
        ledger.Engine.Start();
        GenerationStream stream = ledger.Submit(Prompt, 40);
        List<int> tokens = [];
        while (await stream.WaitAsync(TestContext.Current.CancellationToken))
            tokens.AddRange(LedgerEngine.Read(stream));
        Assert.Equal(ledger.Model.Greedy(Prompt, 40), tokens);
        Assert.True(stuck.IsSet);
        Assert.Contains("did not come back within 0.2 s", ledger.Engine.DraftingProblem, StringComparison.Ordinal);
        Assert.Equal(3, script.Turns);
        GenerationStream next = ledger.Submit(LedgerEngine.Prompt(2, 30), 5);
        while (await next.WaitAsync(TestContext.Current.CancellationToken))
            LedgerEngine.Read(next);
        Assert.Equal(FinishReason.Length, next.FinishReason);
        ledger.Dispose();
        // The thread that is stuck may still use what the composition leases.
        Assert.False(ledger.Leases.IsDisposed);
        free.Set();
        for (int i = 0; i < 500 && !ledger.Leases.IsDisposed; i++)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        Assert.True(ledger.Leases.IsDisposed);
        Assert.Empty(ledger.Backend.Violations);
    }

    [Fact]
    public void A_draft_model_that_fails_is_not_used_again_and_other_drafts_are()
    {
        ModelDrafts strategy = new(4);
        using LedgerEngine ledger = new(new EngineOptions { TuneDrafts = false }, strategy: strategy, draft: new LedgerModel(259));
        ledger.DraftBackend!.ThrowAtStep = 5;
        GenerationStream stream = ledger.Submit(Prompt, 60);
        ledger.Run();
        Assert.Equal(ledger.Model.Greedy(Prompt, 60), LedgerEngine.Read(stream));
        Assert.Contains("draft model 'ledger' has failed", Assert.Single(ledger.DraftFaults).Problem, StringComparison.Ordinal);
        Assert.Null(ledger.Engine.DraftingProblem);
        Assert.Null(ledger.Engine.Faulted);
    }

    private static LedgerEngine Run(Script script, int tokens, int maxContext = 1024)
    {
        LedgerEngine ledger = new(strategy: script, maxContext: maxContext);
        GenerationStream stream = ledger.Submit(Prompt, tokens);
        ledger.Run();
        Assert.Equal(ledger.Model.Greedy(Prompt, tokens), LedgerEngine.Read(stream));
        ledger.AssertClean();
        return ledger;
    }

    private delegate void Turn(int turn, ReadOnlySpan<DraftSequence> sequences, IDraftSink sink);

    private sealed class Script(Turn turn) : IDecodingStrategy
    {
        public bool ThrowsAfter { get; init; }
        public Action? OnVerified { get; init; }
        public Action? OnEnded { get; init; }
        public int Turns { get; private set; }
        public int MaxDraft => 4;
        public IReadOnlyList<string> Sources => ["one", "two"];
        public void Propose(ReadOnlySpan<DraftSequence> sequences, IDraftSink sink) => turn(++Turns, sequences, sink);

        public void Verified(long sequence, int proposed, int accepted)
        {
            OnVerified?.Invoke();
            if (ThrowsAfter)
                throw new InvalidOperationException("not verified");
        }

        public void Ended(long sequence)
        {
            OnEnded?.Invoke();
            if (ThrowsAfter)
                throw new InvalidOperationException("not ended");
        }
    }
}
