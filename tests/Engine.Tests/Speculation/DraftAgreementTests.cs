using Tessera.Engine.Generation;
using Tessera.Engine.Scheduling;
using Tessera.Engine.Speculation;
using Tessera.Engine.Tests.Scheduling;

namespace Tessera.Engine.Tests.Speculation;

/// <summary>A sequence that now and then copies a text, drafted for by a source that says how far it agrees; steps take a known time.</summary>
public sealed class DraftAgreementTests
{
    private const int Tokens = 720, Most = 8;

    /// <summary>Tokens of a period that nothing is right for, and those that are copied after them.</summary>
    private const int Free = 40, Copied = 80;

    /// <summary>As measured with a small model, whose rows are not cheap beside its weights.</summary>
    private static double Cost(int rows) => 5.7 + 2.2 * (rows - 1);

    [Fact]
    public void Copied_passages_are_drafted_in_full_and_the_rest_hardly_at_all()
    {
        using LedgerEngine ledger = Run(new Copying(right: true), out _);
        List<(int From, int Rows)> steps = Steps(ledger);
        double time = ledger.Records.Sum(r => r.Elapsed.TotalMilliseconds), plain = Tokens * Cost(1);
        double best = plain / (Free + Copied) * Free + Tokens / (double)(Free + Copied) * (Copied / (Most + 1.0)) * Cost(Most + 1);
        Assert.True(time < best / 0.85, $"{time:F0} ms, {best:F0} at best, {plain:F0} without drafts");
        // What nothing speaks for is tried at first, and then not.
        int wrong = steps.Where(s => Place(s.From) < Free).Sum(s => s.Rows);
        Assert.True(wrong <= 12, $"{wrong} draft rows where nothing is right");
        // In the first passage it takes some tokens to see that it goes on; in the last it is known what that is worth.
        Assert.True(Full(steps, period: 0) <= 24 && Full(steps, period: 5) <= 8, $"full drafts from token {Full(steps, 0)} of the first passage on, {Full(steps, 5)} of the last");
    }

    [Fact]
    public void What_is_not_verified_is_judged_all_the_same()
    {
        using LedgerEngine ledger = Run(new Copying(right: false), out SpeculationReport report);
        Assert.True(ledger.Records.Sum(r => r.DraftRows) <= 4);
        // Two tokens always agree, and never does the next.
        SourceReport source = Assert.Single(report.Sources);
        Assert.Equal((2, 0), (source.Outlooks[1].Agreed, source.Outlooks[1].Rows));
        Assert.InRange(source.Outlooks[1].Acceptance, 0, 0.05);
        Assert.InRange(source.Acceptance[0], 0, 0.05);
    }

    /// <summary>What the report says would be chosen is what is chosen of such a draft.</summary>
    [Fact]
    public void The_report_s_choices_are_the_step_s()
    {
        using LedgerEngine ledger = Run(new Copying(right: true), out SpeculationReport report);
        Assert.Equal(SpeculationReport.Agreements, report.Sources[0].Outlooks.Select(o => o.Agreed));
        Assert.All(report.Sources[0].Outlooks, o => Assert.Equal(Most + 1, o.TokensPerSecond.Length));
        Assert.Equal(Most, report.Sources[0].Outlooks[^1].Rows);
        Assert.Equal(0, report.Sources[0].Outlooks[0].Rows);
        DraftOutlook best = report.Sources[0].Outlooks[^1];
        Assert.Equal(best.TokensPerSecond[Most], best.Expected, 1e-9);
        Assert.Equal(best.TokensPerSecond[0], report.PlainTokensPerSecond, 1e-9);
        Assert.Equal(best.TokensPerSecond[0], report.Sources[0].Outlooks[0].Expected, 1e-9);
    }

    /// <summary>Not the account's state alone ends drafting: what promises much may owe.</summary>
    [Fact]
    public void The_report_s_choices_follow_the_account_and_the_risk()
    {
        using LedgerEngine ledger = new(new EngineOptions { MemoryPatience = TimeSpan.Zero }, strategy: new Copying(right: false) { IsSilent = true });
        ledger.Backend.OnStep = batch => ledger.Time.Advance(TimeSpan.FromMilliseconds(Cost(batch.RowCount)));
        ledger.Engine.Calibrate(TimeSpan.FromSeconds(1));
        SpeculationReport report = ledger.Engine.Speculation!;
        Assert.Equal(2 * Cost(1), report.AccountMilliseconds, 1e-9);
        // A tuner with the same knowledge, and a draft that agrees as far.
        foreach (DraftOutlook outlook in report.Sources[0].Outlooks)
        {
            DraftTuner tuner = new(sources: 1, Most, sequences: 1);
            tuner.Costs.SetCurve(report.StepMilliseconds);
            tuner.Costs.Add(1, 0, Cost(1));
            DraftBuffer drafts = new(1, Most, 1, 100);
            drafts.Open(Most);
            drafts.Add(0, 0, [1, 2, 3, 4, 5, 6, 7, 8], outlook.Agreed);
            tuner.Cut(1, drafts, [tuner.Rent()], drafting: 0);
            Assert.Equal(drafts.Tokens(0).Length, outlook.Rows);
        }
        Assert.Contains(report.Sources[0].Outlooks, o => o.Rows > 0);
    }

    [Fact]
    public void Drafts_that_promise_much_may_owe_a_little_and_no_more()
    {
        DraftTuner tuner = new(sources: 1, Most, sequences: 1);
        tuner.Costs.SetCurve([.. Enumerable.Range(1, Most + 1).Select(Cost)]);
        DraftBuffer drafts = new(1, Most, 1, 100);
        AcceptanceStats stats = tuner.Rent();
        for (int i = 0; i < 5; i++)
            tuner.Observe(stats, 0, agreed: 30, accepted: Most, rejected: false);
        // Of two tokens that agree, it is one that is right.
        tuner.Observe(stats, 0, agreed: 2, accepted: 1, rejected: false);
        tuner.Observe(stats, 0, agreed: 2, accepted: 0, rejected: true);
        Step(rows: 0);
        Assert.Equal((Most, 1, 2), (Cut(agreed: 30), Cut(agreed: 2), tuner.Account / Cost(1)));
        Step(Most);
        Assert.True(tuner.Account < 0);
        Assert.Equal(0, Cut(agreed: 2));
        // What may be owed pays for some more, and not in full.
        int more = 0;
        for (int next; (next = Cut(agreed: 30)) > 0; more += next)
            Step(next);
        Assert.InRange(more, 1, 3 * Most);
        Assert.InRange(tuner.Account / Cost(1), -12, -3);
        // Time that passes pays.
        for (int i = 0; i < 1000; i++)
        {
            Cut(agreed: 2);
            Step(rows: 0);
        }
        Assert.Equal(Most, Cut(agreed: 30));

        // Nothing is accepted, whatever was drafted.
        void Step(int rows) => tuner.Measured(1, rows, accepted: 0, Cost(1 + rows), drafting: 0, prompts: false);

        int Cut(int agreed)
        {
            drafts.Clear();
            drafts.Open(Most);
            drafts.Add(0, 0, [1, 2, 3, 4, 5, 6, 7, 8], agreed);
            tuner.Cut(1, drafts, [stats], drafting: 0);
            return drafts.Tokens(0).Length;
        }
    }

    /// <summary>Steps of a small model take less than a hundred times what asking takes, and the first calls are compiled.</summary>
    [Fact]
    public void What_asking_takes_does_not_end_drafting()
    {
        const double asking = 0.005, compiling = 20;
        DraftTuner tuner = new(sources: 1, Most, sequences: 1);
        tuner.Costs.SetCurve([.. Enumerable.Range(1, Most + 1).Select(rows => Cost(rows) / 50)]);
        DraftBuffer drafts = new(1, Most, 1, 100);
        AcceptanceStats stats = tuner.Rent();
        for (int i = 0; i < 5; i++)
            tuner.Observe(stats, 0, agreed: 30, accepted: Most, rejected: false);
        // Nothing is proposed for long, and the first turns take very long.
        for (int step = 0; step < 2000; step++)
        {
            double drafting = step < 3 ? compiling : asking;
            drafts.Clear();
            drafts.Open(Most);
            tuner.Cut(1, drafts, [stats], drafting);
            tuner.Measured(1, 0, accepted: 0, Cost(1) / 50, drafting, prompts: false);
        }
        Assert.True(tuner.Account >= 0, $"{tuner.Account} ms");
        for (int step = 0; step < 100; step++)
        {
            drafts.Clear();
            drafts.Open(Most);
            drafts.Add(0, 0, [1, 2, 3, 4, 5, 6, 7, 8], 30);
            tuner.Cut(1, drafts, [stats], asking);
            int rows = drafts.Tokens(0).Length;
            Assert.True(step > 0 || rows == Most, $"{rows} rows");
            tuner.Measured(1, rows, rows, Cost(1 + rows) / 50, asking, prompts: false);
        }
        Assert.InRange(tuner.Account, 1e-3, double.MaxValue);
    }

    /// <summary>A draft model's turns are paid for in full, whatever comes of them.</summary>
    [Fact]
    public void What_a_draft_model_takes_is_counted_where_nothing_is_verified()
    {
        DraftTuner tuner = new(sources: 1, Most, sequences: 1);
        tuner.Costs.SetCurve([.. Enumerable.Range(1, Most + 1).Select(Cost)]);
        tuner.MeasuredModel(1, 1, Cost(1) / 8);
        DraftBuffer drafts = new(1, Most, 1, 100);
        AcceptanceStats stats = tuner.Rent();
        tuner.Observe(stats, 0, agreed: 0, accepted: Most, rejected: false);
        int turns = 0;
        while (tuner.ModelLength(1, [stats], 0, Most, missing: 0) > 1 && turns < 1000)
        {
            drafts.Clear();
            drafts.Open(Most);
            tuner.Cut(1, drafts, [stats], Cost(1));
            tuner.Measured(1, 0, accepted: 0, Cost(1), drafting: Cost(1), prompts: false);
            turns++;
        }
        Assert.InRange(turns, 10, 100);
    }

    private static int Place(int token) => token % (Free + Copied);

    /// <summary>The first token of a period's passage from which on a draft was of full length.</summary>
    private static int Full(List<(int From, int Rows)> steps, int period) =>
        steps.First(s => s.From >= period * (Free + Copied) + Free && s.Rows == Most).From - period * (Free + Copied) - Free;

    private static List<(int From, int Rows)> Steps(LedgerEngine ledger)
    {
        List<(int, int)> steps = [];
        int at = 0;
        foreach (StepRecord record in ledger.Records)
        {
            if (record.DecodeRows > 0)
                steps.Add((at, record.DraftRows));
            at += record.Emitted;
        }
        return steps;
    }

    private static LedgerEngine Run(Scripted strategy, out SpeculationReport report)
    {
        LedgerEngine ledger = new(new EngineOptions { MemoryPatience = TimeSpan.Zero }, strategy: strategy);
        ledger.Backend.OnStep = batch => ledger.Time.Advance(TimeSpan.FromMilliseconds(Cost(batch.RowCount)));
        int[] prompt = LedgerEngine.Prompt(1, 20);
        strategy.Output = ledger.Model.Greedy(prompt, Tokens + Most);
        ledger.Engine.Calibrate(TimeSpan.FromSeconds(1));
        GenerationStream stream = ledger.Submit(prompt, Tokens);
        ledger.Run();
        Assert.Equal(strategy.Output.Take(Tokens), LedgerEngine.Read(stream));
        report = ledger.Engine.Speculation!;
        ledger.AssertClean();
        return ledger;
    }

    private abstract class Scripted : IDecodingStrategy
    {
        private readonly int[] _draft = new int[Most];

        public int[] Output { get; set; } = [];

        /// <summary>Drafts nothing, and says all the same how far its drafts would agree.</summary>
        public bool IsSilent { get; init; }

        public DraftTraits Traits(int source) => new(Most, TellsAgreement: IsSilent);

        public int MaxDraft => Most;
        public IReadOnlyList<string> Sources { get; } = ["copy"];

        protected abstract int Agreed(int at);
        protected abstract bool IsRight(int from, int at);

        public void Propose(ReadOnlySpan<DraftSequence> sequences, IDraftSink sink)
        {
            int from = sequences[0].Tokens.Length - sequences[0].PromptLength;
            for (int i = 0; i < _draft.Length; i++)
                _draft[i] = IsRight(from, from + i) ? Output[from + i] : Output[from + i] ^ 1;
            sink.Add(0, 0, _draft.AsSpan(0, Math.Min(sequences[0].Room, Most)), Agreed(from));
        }

        public void Verified(long sequence, int proposed, int accepted) { }
        public void Ended(long sequence) { }
    }

    /// <summary>Two tokens agree anywhere, by chance; in a passage, as many more as it has gone on for. It is copied from its second token on.</summary>
    private sealed class Copying(bool right) : Scripted
    {
        protected override int Agreed(int at) => right && Place(at) >= Free ? 2 + Place(at) - Free : 2;
        protected override bool IsRight(int from, int at) => right && Place(from) >= Free && Place(at) >= Place(from);
    }
}
