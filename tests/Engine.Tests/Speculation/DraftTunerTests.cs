using Tessera.Conformance.Fakes;
using Tessera.Engine.Generation;
using Tessera.Engine.Speculation;
using Tessera.Engine.Tests.Scheduling;

namespace Tessera.Engine.Tests.Speculation;

/// <summary>An engine whose steps take a known time: what is drafted has to pay for itself.</summary>
public sealed class DraftTunerTests
{
    private const int Tokens = 600;

    /// <summary>Milliseconds of a step: the weights are read once, and each row is computed; many rows take more each.</summary>
    private static double Cost(int rows) => 10 + 1.0 * rows + 0.02 * rows * rows;

    /// <summary>As on a machine whose rows are cheap beside the weights.</summary>
    private static double CheapRows(int rows) => 10 + 0.4 * rows;

    [Fact]
    public void Where_nothing_is_accepted_next_to_nothing_is_lost()
    {
        double plain = Time(1, wrongEvery: -1), drafted = Time(1, wrongEvery: 1);
        Assert.True(drafted / plain < 1.03, $"{plain:F0} ms without drafts, {drafted:F0} with");
    }

    [Theory]
    [InlineData(100), InlineData(90), InlineData(80), InlineData(60)]
    public void Drafts_come_near_the_best_fixed_length(int percent)
    {
        double tuned = Random(percent, 8, tune: true), best = double.MaxValue;
        for (int k = 1; k <= 8; k++)
            best = Math.Min(best, Random(percent, k, tune: false));
        Assert.True(tuned < best / 0.85, $"{tuned:F0} ms, {best:F0} at the best length");
        Assert.True(tuned < Time(1, wrongEvery: -1));
    }

    /// <summary>Up to nine rows each costs as much as a step; a whole tile costs little more than those, and two hardly more.</summary>
    [Fact]
    public void Long_drafts_are_found_behind_short_ones_that_do_not_pay()
    {
        const int Most = 31;
        static double Valley(int rows) => rows <= 9 ? 10 * rows : rows <= 16 ? 95 : 110;
        double tuned = Random(100, Most, tune: true, Valley), best = double.MaxValue;
        foreach (int k in (int[])[1, 4, 8, 15, Most])
            best = Math.Min(best, Random(100, k, tune: false, Valley));
        Assert.True(best < 0.8 * Time(1, wrongEvery: -1, cost: Valley));
        Assert.True(tuned < best / 0.85, $"{tuned:F0} ms, {best:F0} at the best length");
    }

    /// <summary>Milliseconds of a run whose draft tokens are right by chance.</summary>
    private static double Random(int percent, int maxDraft, bool tune, Func<int, double>? cost = null)
    {
        using LedgerEngine plain = new();
        int[] prompt = LedgerEngine.Prompt(1, 20), expected = plain.Model.Greedy(prompt, Tokens), script = [.. prompt, .. expected];
        Random random = new(1);
        for (int i = prompt.Length; i < script.Length; i++)
            script[i] ^= random.Next(100) < percent ? 0 : 1;
        using LedgerEngine ledger = Timed(new Turning(script, prompt.Length, maxDraft), tune, cost);
        ledger.Engine.Calibrate(TimeSpan.FromSeconds(1));
        GenerationStream stream = ledger.Submit(prompt, Tokens);
        ledger.Run();
        Assert.Equal(expected, LedgerEngine.Read(stream));
        return ledger.Records.Sum(r => r.Elapsed.TotalMilliseconds);
    }

    [Theory]
    [InlineData(1), InlineData(2), InlineData(0)]
    public void Many_streams_at_once_lose_next_to_nothing(int wrongEvery)
    {
        double plain = Time(16, wrongEvery: -1), drafted = Time(16, wrongEvery);
        Assert.True(drafted / plain < 1.03, $"{plain:F0} ms without drafts, {drafted:F0} with");
    }

    /// <summary>Where the next tile begins, a row costs a step's fifth and those after it nothing; few of the streams have drafts.</summary>
    [Theory]
    [InlineData(16, 16), InlineData(8, 8), InlineData(12, 13)]
    public void Neighbours_do_not_pay_for_the_drafts_of_a_few(int streams, int tile)
    {
        double Tiles(int rows) => rows <= tile ? 20 + 0.05 * rows : 24 + 0.05 * rows;
        double plain = Few(streams, drafted: 0, Tiles), drafted = Few(streams, streams / 4, Tiles);
        Assert.True(drafted / plain < 1.03, $"{plain:F0} ms without drafts, {drafted:F0} with");
    }

    /// <summary>A step takes as long as its tiles, which the sequences fill without drafts.</summary>
    [Theory]
    [InlineData(16), InlineData(32)]
    public void Drafts_begin_no_tile_that_they_do_not_pay_for(int streams)
    {
        static double Tiles(int rows) => 2 + 10 * ((rows + 15) / 16);
        double plain = Few(streams, drafted: 0, Tiles), drafted = Few(streams, streams, Tiles);
        Assert.True(drafted / plain < 1.03, $"{plain:F0} ms without drafts, {drafted:F0} with");
    }

    /// <summary>Milliseconds of a run in which some of the streams have drafts, whose tokens are right by chance.</summary>
    private static double Few(int streams, int drafted, Func<int, double> cost)
    {
        const int Percent = 65;
        using LedgerEngine plain = new();
        int[][] prompts = [.. Enumerable.Range(0, streams).Select(i => LedgerEngine.Prompt(i, 20))], expected = [.. prompts.Select(p => plain.Model.Greedy(p, Tokens))];
        Random random = new(1);
        int[][] scripts = [.. expected.Take(drafted).Select(e => e.Select(t => random.Next(100) < Percent ? t : t ^ 1).ToArray())];
        using LedgerEngine ledger = Timed(drafted == 0 ? null : new Places(scripts), tune: true, cost);
        ledger.Engine.Calibrate(TimeSpan.FromSeconds(5));
        GenerationStream[] running = [.. prompts.Select(p => ledger.Submit(p, Tokens))];
        ledger.Run();
        for (int i = 0; i < streams; i++)
            Assert.Equal(expected[i], LedgerEngine.Read(running[i]));
        ledger.AssertClean();
        return ledger.Records.Sum(r => r.Elapsed.TotalMilliseconds);
    }

    [Fact]
    public void Many_streams_gain_where_everything_is_accepted()
    {
        double plain = Time(16, wrongEvery: -1, cost: CheapRows), drafted = Time(16, wrongEvery: 0, cost: CheapRows);
        Assert.True(drafted / plain < 0.7, $"{plain:F0} ms without drafts, {drafted:F0} with");
    }

    [Fact]
    public void Drafts_that_begin_to_be_right_come_back()
    {
        // The first half is all wrong, the second all right.
        using LedgerEngine plain = new();
        int[] prompt = LedgerEngine.Prompt(1, 20), expected = plain.Model.Greedy(prompt, Tokens);
        int[] script = [.. prompt, .. expected];
        for (int i = prompt.Length; i < prompt.Length + Tokens / 2; i++)
            script[i] ^= 1;
        Turning drafts = new(script, prompt.Length);
        using LedgerEngine ledger = Timed(drafts, tune: true);
        GenerationStream stream = ledger.Submit(prompt, Tokens);
        ledger.Run();
        Assert.Equal(expected, LedgerEngine.Read(stream));
        int before = 0, after = 0;
        for (int step = 0, at = 0; step < ledger.Records.Count; at += ledger.Records[step++].Emitted)
            (before, after) = at < Tokens / 2 ? (before + 1, after) : (before, after + 1);
        Assert.InRange(before, 290, 301);
        Assert.True(after < 130, $"{after} steps for the half that drafts were right in");
        ledger.AssertClean();
    }

    [Fact]
    public void The_report_shows_the_formula_s_inputs_and_choice()
    {
        FixedDrafts drafts = Scripts(1, 0, out int[][] prompts, out _);
        using LedgerEngine ledger = Timed(drafts, tune: true);
        Assert.Equal(0, ledger.Engine.Speculation!.Chosen);
        ledger.Submit(prompts[0], Tokens);
        ledger.Run();
        SpeculationReport report = ledger.Engine.Speculation!;
        SourceReport source = Assert.Single(report.Sources);
        DraftOutlook outlook = Assert.Single(source.Outlooks);
        Assert.Equal(("scripts", 8, 8, 9, 9), (source.Name, source.MaxDraft, source.Acceptance.Length, report.StepMilliseconds.Length, outlook.TokensPerSecond.Length));
        Assert.All(source.Acceptance, a => Assert.InRange(a, 0.95, 1));
        Assert.InRange(report.StepMilliseconds[8], 0.9 * Cost(9), 1.1 * Cost(9));
        Assert.Equal((0, 8, 8), (outlook.Agreed, Array.IndexOf(outlook.TokensPerSecond, outlook.TokensPerSecond.Max()), outlook.Rows));
        Assert.Equal(1, report.Batch);
        Assert.True(report.AccountMilliseconds > 0);
    }

    /// <summary>The sentences are made of the constants that are computed with: all of them, and what they are compared with.</summary>
    [Fact]
    public void The_formula_names_the_margin_the_account_the_risk_and_the_debt()
    {
        string formula = string.Join(' ', SpeculationReport.Formula);
        foreach (string part in (string[])["more than 1.02 times", "account + debt > risk * (T(B, k) - T(B, 0))", "risk: 1 - P(first row accepted)", "debt: 6 * T(1, 0)", "more than 1.1 times", "> -64 * T(1, 0)", "every 128 steps", "after 8 steps"])
            Assert.Contains(part, formula, StringComparison.Ordinal);
    }

    [Fact]
    public void Calibration_leaves_nothing_behind()
    {
        FixedDrafts drafts = Scripts(1, 0, out int[][] prompts, out int[][] expected);
        using LedgerEngine ledger = Timed(drafts, tune: true);
        ledger.Engine.Calibrate(TimeSpan.FromSeconds(5));
        // Seven rows are not measured: they take what eight do.
        Assert.Equal([Cost(1), Cost(5), Cost(8), Cost(8), Cost(9)], new[] { 0, 4, 6, 7, 8 }.Select(k => ledger.Engine.Speculation!.StepMilliseconds[k]));
        Assert.Equal((0, 0), (ledger.Engine.Load.BlocksUsed, ledger.Records.Count));
        GenerationStream stream = ledger.Submit(prompts[0], 100);
        ledger.Run();
        Assert.Equal(expected[0].Take(100), LedgerEngine.Read(stream));
        Assert.Equal(0, stream.CachedTokens);
        ledger.AssertClean();
    }

    /// <summary>A caller's thread, one of the pool perhaps, would stay bound to a processor where lanes are.</summary>
    [Fact]
    public void Calibration_has_a_thread_of_its_own_and_its_failure_is_the_caller_s()
    {
        HashSet<int> threads = [];
        FixedDrafts drafts = Scripts(1, 0, out _, out _);
        using (LedgerEngine ledger = Timed(drafts, tune: true, rows =>
        {
            threads.Add(Environment.CurrentManagedThreadId);
            return Cost(rows);
        }))
            ledger.Engine.Calibrate(TimeSpan.FromSeconds(5));
        Assert.DoesNotContain(Environment.CurrentManagedThreadId, threads);
        Assert.Single(threads);
        using LedgerEngine failing = Timed(drafts, tune: true, _ => throw new InvalidOperationException("no clock"));
        Assert.Equal("no clock", Assert.Throws<InvalidOperationException>(() => failing.Engine.Calibrate(TimeSpan.FromSeconds(5))).Message);
    }

    /// <summary>Milliseconds of the whole run.</summary>
    private static double Time(int streams, int wrongEvery, bool tune = true, int maxDraft = 8, Func<int, double>? cost = null)
    {
        FixedDrafts drafts = Scripts(streams, Math.Max(0, wrongEvery), out int[][] prompts, out int[][] expected, maxDraft);
        using LedgerEngine ledger = Timed(wrongEvery < 0 ? null : drafts, tune, cost ?? Cost);
        ledger.Engine.Calibrate(TimeSpan.FromSeconds(1));
        ledger.Records.Clear();
        GenerationStream[] running = [.. prompts.Select(p => ledger.Submit(p, Tokens))];
        ledger.Run();
        for (int i = 0; i < streams; i++)
            Assert.Equal(expected[i], LedgerEngine.Read(running[i]));
        ledger.AssertClean();
        return ledger.Records.Sum(r => r.Elapsed.TotalMilliseconds);
    }

    private static FixedDrafts Scripts(int streams, int wrongEvery, out int[][] prompts, out int[][] expected, int maxDraft = 8)
    {
        using LedgerEngine plain = new();
        int[][] made = [.. Enumerable.Range(0, streams).Select(i => LedgerEngine.Prompt(i, 20))];
        int[][] greedy = [.. made.Select(p => plain.Model.Greedy(p, Tokens))];
        (prompts, expected) = (made, greedy);
        return new FixedDrafts(maxDraft, made.Select((p, i) => (IReadOnlyList<int>)[.. p, .. greedy[i]])) { WrongEvery = wrongEvery, WrongToken = 9 };
    }

    private static LedgerEngine Timed(IDecodingStrategy? strategy, bool tune, Func<int, double>? cost = null)
    {
        LedgerEngine ledger = new(new EngineOptions { TuneDrafts = tune, MemoryPatience = TimeSpan.Zero }, strategy: strategy);
        ledger.Backend.OnStep = batch => ledger.Time.Advance(TimeSpan.FromMilliseconds((cost ?? Cost)(batch.RowCount)));
        return ledger;
    }

    /// <summary>Drafts for the first sequences what their scripts say at a place.</summary>
    private sealed class Places(int[][] scripts) : IDecodingStrategy
    {
        private long _first = -1;

        public int MaxDraft => 8;
        public IReadOnlyList<string> Sources { get; } = ["scripts"];

        public void Propose(ReadOnlySpan<DraftSequence> sequences, IDraftSink sink)
        {
            if (_first < 0)
                _first = sequences[0].Id;
            for (int i = 0; i < sequences.Length; i++)
            {
                int at = sequences[i].Tokens.Length - sequences[i].PromptLength, script = (int)(sequences[i].Id - _first);
                if (script < scripts.Length)
                    sink.Add(i, 0, scripts[script].AsSpan(at, Math.Min(sequences[i].Room, Tokens - at)));
            }
        }

        public void Verified(long sequence, int proposed, int accepted) { }
        public void Ended(long sequence) { }
    }

    /// <summary>Drafts what a script says at a place, whatever stands before it.</summary>
    private sealed class Turning(int[] script, int prompt, int maxDraft = 8) : IDecodingStrategy
    {
        public int MaxDraft => maxDraft;
        public IReadOnlyList<string> Sources { get; } = ["script"];

        public void Propose(ReadOnlySpan<DraftSequence> sequences, IDraftSink sink)
        {
            Assert.Equal(prompt, sequences[0].PromptLength);
            int at = sequences[0].Tokens.Length;
            sink.Add(0, 0, script.AsSpan(at, Math.Min(sequences[0].Room, script.Length - at)));
        }

        public void Verified(long sequence, int proposed, int accepted) { }
        public void Ended(long sequence) { }
    }
}
