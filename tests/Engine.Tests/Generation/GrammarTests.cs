using System.Text;
using Tessera.Conformance.Fakes;
using Tessera.Conformance.Ledger;
using Tessera.Engine.Generation;
using Tessera.Engine.Grammars;
using Tessera.Engine.Grammars.Automaton;
using Tessera.Engine.Sampling;
using Tessera.Engine.Scheduling;
using Tessera.Engine.Tests.Scheduling;

namespace Tessera.Engine.Tests.Generation;

/// <summary>Outputs follow their grammars, with drafts as without, through preemption and handover.</summary>
public sealed class GrammarTests
{
    private const int Most = 60;

    /// <summary>Bytes in items of one to five, nested, with an end that comes by chance.</summary>
    private static readonly Grammar Items = Grammar.Parse("root ::= (item \",\")* item \".\"?\nitem ::= [a-f]{1,5} | \"(\" root \")\" | [é-ü]+ \"!\"");

    private static readonly Grammar Endless = Grammar.Parse("root ::= (item \",\")*\nitem ::= [a-f]{1,5} | \"(\" item \")\" | [é-ü]+ \"!\"");

    /// <summary>End tokens are as likely as others here.</summary>
    private static readonly LedgerModel Model = new(ByteTokenizer.Size);

    private static readonly int[] Ends = [ByteTokenizer.Eos, ByteTokenizer.Eot];

    public static TheoryData<string, bool> Cases()
    {
        TheoryData<string, bool> cases = [];
        foreach (string sampling in (string[])["greedy", "greedy with penalties", "seeded", "seeded and truncated"])
        {
            cases.Add(sampling, false);
            cases.Add(sampling, true);
        }
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Tokens_are_drawn_from_those_that_the_grammar_allows(string kind, bool drafts)
    {
        SamplingOptions sampling = Sampling(kind);
        HashSet<FinishReason> reasons = [];
        int drafted = 0;
        for (int i = 0; i < 12; i++)
        {
            int[] prompt = LedgerEngine.Prompt(i, 7);
            GenerationRequest request = new() { Prompt = prompt, MaxTokens = Most, MinTokens = i % 3 * 12, Sampling = sampling, TopLogProbabilities = 2, Grammar = Items };
            (int[] expected, FinishReason reason) = Reference(request);
            // What is wrong in the draft is not allowed: no row is spent on it.
            FixedDrafts? strategy = drafts ? new FixedDrafts(6, Scripts(request, expected)) : null;
            using LedgerEngine ledger = new(Options, model: Model, strategy: strategy);
            GenerationStream stream = ledger.Engine.Submit(request)[0];
            ledger.Run();
            List<GeneratedToken> tokens = Read(stream);
            Assert.Equal(expected, tokens.Select(t => t.Token));
            Assert.Equal((reason, stream.AcceptedTokens), (stream.FinishReason, stream.DraftedTokens));
            Assert.Null(stream.Error);
            for (int t = 0; t < tokens.Count; t++)
            {
                float[] logits = Model.Expected([.. prompt, .. expected[..t]]);
                Assert.Equal(logits[expected[t]] - Math.Log(logits.Sum(l => Math.Exp(l))), tokens[t].LogProbability, 1e-5);
            }
            Assert.Empty(strategy?.Problems ?? []);
            drafted += stream.DraftedTokens;
            reasons.Add(reason);
            ledger.AssertClean();
        }
        Assert.Equal(drafts, drafted > 50);
        Assert.Contains(FinishReason.EndToken, reasons);
    }

    [Theory]
    [InlineData(false, 0), InlineData(false, 30), InlineData(true, 0), InlineData(true, 30)]
    public void A_complete_output_ends_at_once(bool ignoreEnds, int least)
    {
        using LedgerEngine ledger = new(model: Model);
        GenerationRequest request = new() { Prompt = [1, 2, 3], MaxTokens = Most, MinTokens = least, IgnoreEndTokens = ignoreEnds, Sampling = LedgerEngine.Greedy, Grammar = Grammar.Parse("root ::= [abc]{3} \"done\"") };
        GenerationStream stream = ledger.Engine.Submit(request)[0], none = ledger.Engine.Submit(request with { Grammar = Grammar.Parse("root ::= \"\"") })[0], exact = ledger.Engine.Submit(request with { MaxTokens = Math.Max(7, least) })[0];
        ledger.Run();
        int[] tokens = LedgerEngine.Read(stream);
        Assert.Equal(("done", 7), (Encoding.ASCII.GetString([.. tokens[3..].Select(t => (byte)t)]), tokens.Length));
        Assert.Equal((FinishReason.EndToken, FinishReason.EndToken), (stream.FinishReason, none.FinishReason));
        Assert.Empty(LedgerEngine.Read(none));
        Assert.Equal(tokens, LedgerEngine.Read(exact));
        Assert.Equal(FinishReason.EndToken, exact.FinishReason);
        ledger.AssertClean();
    }

    [Fact]
    public void Where_it_may_end_and_go_on_end_tokens_decide_unless_they_are_ignored()
    {
        SamplingOptions toEnd = LedgerEngine.Greedy with { LogitBias = new Dictionary<int, float> { [ByteTokenizer.Eot] = 1000 } };
        GenerationRequest request = new() { Prompt = [4, 5], MaxTokens = 20, Sampling = toEnd, Grammar = Grammar.Parse("root ::= \"ab\"+") };
        using LedgerEngine ledger = new(model: Model);
        GenerationStream ends = ledger.Engine.Submit(request)[0], least = ledger.Engine.Submit(request with { MinTokens = 7 })[0], ignored = ledger.Engine.Submit(request with { IgnoreEndTokens = true })[0];
        ledger.Run();
        Assert.Equal([.. "ab", ByteTokenizer.Eot], LedgerEngine.Read(ends));
        Assert.Equal([.. "abababab", ByteTokenizer.Eot], LedgerEngine.Read(least));
        Assert.Equal(string.Concat(Enumerable.Repeat("ab", 10)).Select(c => (int)c), LedgerEngine.Read(ignored));
        Assert.Equal((FinishReason.EndToken, FinishReason.EndToken, FinishReason.Length), (ends.FinishReason, least.FinishReason, ignored.FinishReason));
    }

    [Fact]
    public void Stop_strings_and_limits_end_it_before_its_grammar_does()
    {
        using LedgerEngine ledger = new(model: Model);
        GenerationRequest request = new() { Prompt = [4, 5], MaxTokens = 10, Sampling = LedgerEngine.Greedy, Grammar = Grammar.Parse("root ::= \"abcdefghijklmnop\"") };
        GenerationStream limited = ledger.Engine.Submit(request)[0], stopped = ledger.Engine.Submit(request with { Stop = ["de"] })[0];
        ledger.Run();
        Assert.Equal("abcdefghij".Select(c => (int)c), LedgerEngine.Read(limited));
        Assert.Equal("abcde".Select(c => (int)c), LedgerEngine.Read(stopped));
        Assert.Equal((FinishReason.Length, FinishReason.StopString), (limited.FinishReason, stopped.FinishReason));
        ledger.AssertClean();
    }

    [Fact]
    public void Choices_go_their_own_ways()
    {
        using LedgerEngine ledger = new(model: Model);
        SamplingOptions sampling = new() { Seed = 5 };
        GenerationRequest request = new() { Prompt = LedgerEngine.Prompt(3, 20), MaxTokens = Most, Sampling = sampling, Choices = 4, Grammar = Items };
        IReadOnlyList<GenerationStream> streams = ledger.Engine.Submit(request);
        ledger.Run();
        int[][] outputs = [.. streams.Select(LedgerEngine.Read)];
        for (int i = 0; i < outputs.Length; i++)
            Assert.Equal(Reference(request, i).Tokens, outputs[i]);
        Assert.Equal(4, outputs.Select(o => string.Join(' ', o)).Distinct().Count());
        ledger.AssertClean();
    }

    [Theory]
    [InlineData(false), InlineData(true)]
    public void Sequences_that_push_each_other_out_go_on_where_they_were(bool drafts)
    {
        GenerationRequest[] requests = [.. Enumerable.Range(0, 6).Select(i => new GenerationRequest { Prompt = LedgerEngine.Prompt(i, 30), MaxTokens = Most, IgnoreEndTokens = true, Sampling = Sampling(i % 2 == 0 ? "greedy" : "seeded"), Grammar = Endless })];
        (int[] Tokens, FinishReason Reason)[] expected = [.. requests.Select(r => Reference(r))];
        FixedDrafts? strategy = drafts ? new FixedDrafts(6, requests.Zip(expected).SelectMany(r => Scripts(r.First, r.Second.Tokens))) : null;
        using LedgerEngine ledger = new(Options, blocks: 14, model: Model, strategy: strategy);
        GenerationStream[] streams = [.. requests.Select(r => ledger.Engine.Submit(r)[0])];
        ledger.Run();
        for (int i = 0; i < streams.Length; i++)
        {
            Assert.Equal(expected[i].Tokens, LedgerEngine.Read(streams[i]));
            Assert.Equal(expected[i].Reason, streams[i].FinishReason);
        }
        Assert.True(ledger.Records.Sum(r => r.Preempted) > 2, "no sequence was preempted");
        Assert.Equal(drafts, ledger.Records.Sum(r => r.Accepted) > 20);
        ledger.AssertClean();
    }

    [Fact]
    public async Task Another_engine_goes_on_where_the_output_is()
    {
        GenerationRequest request = new() { Prompt = LedgerEngine.Prompt(1, 9), MaxTokens = Most, Sampling = Sampling("seeded"), Grammar = Endless, Choices = 2, IgnoreEndTokens = true };
        for (int steps = 0; steps < 20; steps += 3)
        {
            using LedgerEngine first = new(model: Model), second = new(model: Model);
            IReadOnlyList<GenerationStream> streams = first.Engine.Submit(request);
            for (int i = 0; i < steps; i++)
                first.Engine.Step();
            Task<int> moved = first.Engine.HandOverAsync(second.Engine);
            first.Run();
            await moved;
            second.Run();
            Assert.Equal([Reference(request).Tokens, Reference(request, 1).Tokens], streams.Select(LedgerEngine.Read));
            second.AssertClean();
        }
    }

    [Fact]
    public void A_grammar_that_gets_too_ambiguous_ends_its_own_sequence_with_an_error()
    {
        // After "x" there are more ways than may be followed, none of them seen before.
        Grammar wide = Grammar.Parse("root ::= \"x\" ((\"a\"? \"b\"?){150}){100}");
        using LedgerEngine ledger = new(model: Model);
        GenerationRequest request = new() { Prompt = [7, 8], MaxTokens = 50, Sampling = LedgerEngine.Greedy, Grammar = wide };
        GenerationStream bad = ledger.Engine.Submit(request)[0], good = ledger.Engine.Submit(request with { Grammar = Items })[0];
        ledger.Run();
        Assert.Equal((FinishReason.Error, "the grammar is too ambiguous: a text may be read in more than 16384 ways at once"), (bad.FinishReason == FinishReason.None ? Drain(bad) : bad.FinishReason, bad.Error));
        Assert.Equal(Reference(request with { Grammar = Items }).Tokens, LedgerEngine.Read(good));
        ledger.AssertClean();
    }

    /// <summary>Many ways that all stay open, whatever comes: work is bounded for each token, and so is memory.</summary>
    [Theory]
    [InlineData("root ::= (a | b | c)*\na ::= \"x\" (a | b)? (b | c)? (a | c)? \"y\"?\nb ::= \"x\" a? c? \"z\"?\nc ::= \"x\" (a b c | b a c | c a b)? \"y\"?")]
    [InlineData("root ::= s{0,90}\ns ::= \"x\" s{0,3} s{0,3} \"x\"?")]
    [InlineData("root ::= \"x\" (\"x\"? (\"x\"? (\"x\"? (\"x\"? \"x\"?){20}){10}){5}){5}")]
    public void A_hostile_grammar_costs_bounded_time_and_memory(string text)
    {
        using LedgerEngine ledger = new(model: Model);
        SamplingOptions onlyX = LedgerEngine.Greedy with { LogitBias = new Dictionary<int, float> { ['x'] = 1000 } };
        GenerationStream stream = ledger.Engine.Submit(new GenerationRequest { Prompt = [7, 8], MaxTokens = 200, Sampling = onlyX, Grammar = Grammar.Parse(text) })[0];
        long before = GC.GetAllocatedBytesForCurrentThread(), start = Environment.TickCount64;
        ledger.Run();
        Assert.InRange(Environment.TickCount64 - start, 0, 20_000);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true), 0, 1L << 30);
        FinishReason reason = stream.FinishReason == FinishReason.None ? Drain(stream) : stream.FinishReason;
        TestContext.Current.TestOutputHelper?.WriteLine($"{reason}: {stream.Error}, {Environment.TickCount64 - start} ms, {GC.GetAllocatedBytesForCurrentThread() - before >> 20} MiB allocated");
        Assert.True(reason is FinishReason.Length or FinishReason.EndToken || stream.Error!.StartsWith("the grammar is too ambiguous: ", StringComparison.Ordinal), $"{reason}: {stream.Error}");
        ledger.AssertClean();
    }

    [Fact]
    public void Where_nothing_fits_and_it_may_not_end_it_ends_with_an_error()
    {
        // The model has no logits for the first byte of é.
        using LedgerEngine ledger = new(model: new LedgerModel(0xC3));
        GenerationStream stream = ledger.Engine.Submit(new GenerationRequest { Prompt = [7, 8], MaxTokens = 50, Sampling = LedgerEngine.Greedy, Grammar = Grammar.Parse("root ::= \"aé\"") })[0];
        ledger.Run();
        Assert.Equal(['a'], LedgerEngine.Read(stream));
        Assert.Equal((FinishReason.Error, "no token of the vocabulary fits the grammar here, and it does not let the output end"), (stream.FinishReason, stream.Error));
        ledger.AssertClean();
    }

    [Fact]
    public void Grammars_that_were_asked_for_last_are_remembered_with_their_masks()
    {
        GrammarCache cache = new(new ByteTokenizer(), ByteTokenizer.Size);
        GenerationRequest Request(int i) => new() { Prompt = [1], MaxTokens = 1, Grammar = Grammar.Parse($"root ::= \"{i}\"") };
        GrammarRun first = cache.Open(Request(0))!;
        Assert.False(first.IsAtEnd);
        for (int i = 1; i < GrammarCache.Most; i++)
            cache.Open(Request(i));
        long before = GC.GetAllocatedBytesForCurrentThread();
        GrammarRun again = cache.Open(Request(0))!;
        Assert.False(again.IsAtEnd);
        Assert.Null(cache.Open(new GenerationRequest { Prompt = [1], MaxTokens = 1 }));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000);
        Assert.Equal(1, again.Fit(['0', '0'], 0));
        Assert.Equal(2, again.Fit(['0', ByteTokenizer.Eos], 0));
        Assert.Equal(0, again.Fit([ByteTokenizer.Eos, '0'], 0));
    }

    /// <summary>What an output would be drafted as that goes on with something forbidden at every seventh place.</summary>
    private static IEnumerable<IReadOnlyList<int>> Scripts(GenerationRequest request, int[] output) =>
        Enumerable.Range(0, (output.Length + 6) / 7).Select(i => (IReadOnlyList<int>)[.. request.Prompt, .. output.Take(i * 7 + 5), 'x', 'x']);

    private static EngineOptions Options => new() { TuneDrafts = false, MemoryPatience = TimeSpan.Zero };

    private static SamplingOptions Sampling(string kind) => kind switch
    {
        "greedy" => LedgerEngine.Greedy,
        "greedy with penalties" => LedgerEngine.Greedy with { RepetitionPenalty = 1.3f, PresencePenalty = 0.2f, LogitBias = new Dictionary<int, float> { ['x'] = 50, ['('] = 1 } },
        "seeded" => new SamplingOptions { Seed = 7 },
        _ => new SamplingOptions { Seed = 8, Temperature = 0.8f, TopK = 40, TopP = 0.9f, TypicalP = 0.95f, MinP = 0.01f, RepetitionPenalty = 1.1f },
    };

    /// <summary>Draws one token at a time, from logits in which only what the grammar has has a probability.</summary>
    private static (int[] Tokens, FinishReason Reason) Reference(GenerationRequest request, int choice = 0)
    {
        Sampler sampler = new(request.Sampling, CounterRandom.ForChoice(request.Sampling.Seed ?? 0, choice), request.Prompt, request.MaxTokens);
        SamplingBuffers buffers = new(ByteTokenizer.Size);
        List<int> tokens = [.. request.Prompt];
        GrammarMachine machine = new(request.Grammar!.Automaton);
        GrammarState state = machine.Start;
        for (int i = 0; i < request.MaxTokens; i++)
        {
            float[] logits = Model.Expected(tokens);
            bool mayEnd = state.MayEnd && !request.IgnoreEndTokens && i >= request.MinTokens, any = false;
            for (int id = 0; id < logits.Length; id++)
            {
                bool fits = id < 256 ? !machine.After(state, (byte)id).IsDead : mayEnd && Ends.Contains(id);
                any |= fits && id < 256;
                logits[id] = fits ? logits[id] : float.NegativeInfinity;
            }
            if (!any)
                return ([.. tokens.Skip(request.Prompt.Length)], FinishReason.EndToken);
            tokens.Add(sampler.Draw(logits, i, buffers));
            sampler.Accept(tokens.ToArray());
            if (Ends.Contains(tokens[^1]))
                return ([.. tokens.Skip(request.Prompt.Length)], FinishReason.EndToken);
            state = machine.After(state, (byte)tokens[^1]);
        }
        bool isDone = state.MayEnd && Enumerable.Range(0, 256).All(b => machine.After(state, (byte)b).IsDead);
        return ([.. tokens.Skip(request.Prompt.Length)], isDone ? FinishReason.EndToken : FinishReason.Length);
    }

    private static FinishReason Drain(GenerationStream stream)
    {
        LedgerEngine.Read(stream);
        return stream.FinishReason;
    }

    private static List<GeneratedToken> Read(GenerationStream stream)
    {
        List<GeneratedToken> read = [];
        while (stream.TryRead(out GeneratedToken token, out _))
            read.Add(token);
        return read;
    }
}
