using System.Text;
using Tessera.Conformance.Fakes;
using Tessera.Conformance.Ledger;
using Tessera.Engine.Generation;
using Tessera.Engine.Sampling;
using Tessera.Engine.Tests.Scheduling;

namespace Tessera.Engine.Tests.Generation;

/// <summary>A least number of tokens: no end token is drawn and no stop string ends before, with drafts as without.</summary>
public sealed class MinTokensTests
{
    private const int Most = 40;

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
    public void End_tokens_are_drawn_only_when_enough_tokens_are_there(string kind, bool drafts)
    {
        SamplingOptions sampling = kind switch
        {
            "greedy" => LedgerEngine.Greedy,
            "greedy with penalties" => LedgerEngine.Greedy with { RepetitionPenalty = 1.3f, PresencePenalty = 0.2f, LogitBias = new Dictionary<int, float> { [ByteTokenizer.Eot] = 2 } },
            "seeded" => new SamplingOptions { Seed = 7, LogitBias = new Dictionary<int, float> { [ByteTokenizer.Eos] = 6 } },
            _ => new SamplingOptions { Seed = 8, Temperature = 0.8f, TopK = 6, TopP = 0.9f, TypicalP = 0.95f, MinP = 0.01f, LogitBias = new Dictionary<int, float> { [ByteTokenizer.Eot] = 1 } },
        };
        int[] prompt = Find(p => Reference(p, 0, sampling).Length is > 3 and < 12);
        int end = Reference(prompt, 0, sampling).Length;
        foreach (int least in (int[])[0, end - 1, end, end + 1, Most - 1, Most])
        {
            int[] expected = Reference(prompt, least, sampling);
            // What a plain guess would be: it has the end tokens that must not come.
            FixedDrafts? strategy = drafts ? new FixedDrafts(6, [.. prompt, .. expected.Select((t, i) => i % 5 == 3 ? ByteTokenizer.Eos : t)]) : null;
            using LedgerEngine ledger = new(model: Model, strategy: strategy);
            GenerationStream stream = ledger.Engine.Submit(new GenerationRequest { Prompt = prompt, MaxTokens = Most, MinTokens = least, Sampling = sampling, TopLogProbabilities = 3 })[0];
            ledger.Run();
            (int[] tokens, float[] probabilities) = Read(stream);
            Assert.Equal(expected, tokens);
            Assert.Equal(Ends.Contains(tokens[^1]) && least < Most ? FinishReason.EndToken : FinishReason.Length, stream.FinishReason);
            Assert.True(tokens.Length > least || tokens.Length == Most, $"{tokens.Length} tokens, at least {least}");
            AssertModels(prompt, tokens, probabilities);
            Assert.True(drafts ? stream.DraftedTokens > 0 || tokens.Length < 6 : stream.DraftedTokens == 0);
            ledger.AssertClean();
        }
    }

    [Fact]
    public void Sampled_drafts_of_end_tokens_are_never_accepted_before()
    {
        int[] prompt = LedgerEngine.Prompt(1, 9);
        SamplingOptions sampling = new() { Temperature = 1, LogitBias = new Dictionary<int, float> { [ByteTokenizer.Eos] = 9 } };
        using LedgerEngine ledger = new(model: Model, strategy: new Always(ByteTokenizer.Eos));
        int after = 0;
        for (int i = 0; i < 50; i++)
        {
            GenerationStream stream = ledger.Engine.Submit(new GenerationRequest { Prompt = prompt, MaxTokens = 20, MinTokens = 12, Sampling = sampling })[0];
            ledger.Run();
            int[] tokens = LedgerEngine.Read(stream);
            Assert.DoesNotContain(tokens.Take(12), Ends.Contains);
            after += stream.FinishReason == FinishReason.EndToken ? 1 : 0;
        }
        // With the bias an end token has nearly all of the probability, once it may come.
        Assert.True(after > 45, $"{after}");
        Assert.True(ledger.Drafts.Sum(d => d.Proposed) > 500);
        ledger.AssertClean();
    }

    [Theory]
    [InlineData(false), InlineData(true)]
    public void A_stop_string_counts_once_a_later_token_completes_it(bool drafts)
    {
        SamplingOptions letters = LedgerEngine.Greedy with { LogitBias = new Dictionary<int, float> { ['a'] = 1000, ['b'] = 1000 } };
        int[] prompt = [5], all = Reference(prompt, 0, letters);
        string text = Encoding.ASCII.GetString([.. all.Select(t => (byte)t)]), stop = text[4..7];
        for (int least = 0; least <= Most; least++)
        {
            using LedgerEngine ledger = new(model: Model, strategy: drafts ? new FixedDrafts(8, [.. prompt, .. all]) : null);
            GenerationRequest request = new() { Prompt = prompt, MaxTokens = Most, MinTokens = least, Sampling = letters, Stop = [stop] };
            GenerationStream stream = ledger.Engine.Submit(request)[0];
            ledger.Run();
            int at = Enumerable.Range(0, Most - 2).Where(i => i + 3 > least && text[i..(i + 3)] == stop).DefaultIfEmpty(-1).First();
            int[] tokens = LedgerEngine.Read(stream);
            Assert.Equal(at < 0 ? (FinishReason.Length, Most) : (FinishReason.StopString, at + 3), (stream.FinishReason, tokens.Length));
            // A reader ends the text at the same place.
            TextStream reader = new(ledger.Engine.Composition.Tokenizer.CreateDecoder(skipControl: true), request);
            StringBuilder read = new();
            foreach (int token in tokens)
                reader.Append(token, read);
            reader.Finish(read);
            Assert.Equal((text[..(at < 0 ? Most : at)], at >= 0), (read.ToString(), reader.Stopped));
            ledger.AssertClean();
        }
    }

    [Fact]
    public void A_short_stop_string_that_was_passed_over_is_not_found_in_what_a_long_one_holds_back()
    {
        GenerationRequest request = new() { Prompt = [1], MaxTokens = 9, MinTokens = 2, Stop = ["b", "abcd"] };
        TextStream stream = new(new ByteTokenizer().CreateDecoder(skipControl: true), request);
        StringBuilder text = new();
        foreach (char c in "abcx")
            stream.Append(c, text);
        Assert.Equal(("abcx", false), (text.ToString(), stream.Stopped));
        stream.Append('b', text);
        Assert.Equal(("abcx", true), (text.ToString(), stream.Stopped));
    }

    [Fact]
    public void Where_end_tokens_are_ignored_they_are_tokens_like_others()
    {
        int[] prompt = Find(p => Reference(p, 0, LedgerEngine.Greedy).Length < 12);
        using LedgerEngine ledger = new(model: Model);
        GenerationStream stream = ledger.Engine.Submit(new GenerationRequest { Prompt = prompt, MaxTokens = Most, MinTokens = Most, Sampling = LedgerEngine.Greedy, IgnoreEndTokens = true })[0];
        ledger.Run();
        Assert.Equal(Model.Greedy(prompt, Most), LedgerEngine.Read(stream));
        Assert.Equal(FinishReason.Length, stream.FinishReason);
    }

    [Fact]
    public async Task What_is_to_come_first_is_kept_when_another_engine_goes_on()
    {
        int[] prompt = Find(p => Reference(p, 0, LedgerEngine.Greedy).Length is > 4 and < 12);
        int least = Reference(prompt, 0, LedgerEngine.Greedy).Length + 6;
        using LedgerEngine first = new(model: Model), second = new(model: Model);
        GenerationStream stream = first.Engine.Submit(new GenerationRequest { Prompt = prompt, MaxTokens = Most, MinTokens = least, Sampling = LedgerEngine.Greedy, Stop = ["never said"] })[0];
        first.Engine.Step();
        Task<int> moved = first.Engine.HandOverAsync(second.Engine);
        first.Run();
        Assert.Equal(1, await moved);
        second.Run();
        Assert.Equal(Reference(prompt, least, LedgerEngine.Greedy), LedgerEngine.Read(stream));
    }

    /// <summary>Draws one token at a time, from logits in which end tokens have no probability where they may not come.</summary>
    private static int[] Reference(int[] prompt, int least, SamplingOptions sampling)
    {
        Sampler sampler = new(sampling, CounterRandom.ForChoice(sampling.Seed ?? 0, 0), prompt, Most);
        SamplingBuffers buffers = new(ByteTokenizer.Size);
        List<int> tokens = [.. prompt];
        for (int i = 0; i < Most; i++)
        {
            float[] logits = Model.Expected(tokens);
            if (i < least)
                foreach (int end in Ends)
                    logits[end] = float.NegativeInfinity;
            tokens.Add(sampler.Draw(logits, i, buffers));
            sampler.Accept(tokens.ToArray());
            if (Ends.Contains(tokens[^1]))
                break;
        }
        return [.. tokens.Skip(prompt.Length)];
    }

    private static int[] Find(Func<int[], bool> fits) => Enumerable.Range(0, 2000).Select(i => LedgerEngine.Prompt(i, 6)).First(fits);

    private static (int[] Tokens, float[] Probabilities) Read(GenerationStream stream)
    {
        List<GeneratedToken> read = [];
        while (stream.TryRead(out GeneratedToken token, out _))
            read.Add(token);
        return ([.. read.Select(t => t.Token)], [.. read.Select(t => t.LogProbability)]);
    }

    /// <summary>Log-probabilities are the model's own, end tokens among them.</summary>
    private static void AssertModels(int[] prompt, int[] tokens, float[] probabilities)
    {
        for (int i = 0; i < tokens.Length; i++)
        {
            float[] logits = Model.Expected([.. prompt, .. tokens[..i]]);
            Assert.Equal(logits[tokens[i]] - Math.Log(logits.Sum(l => Math.Exp(l))), probabilities[i], 1e-5);
        }
    }

    private sealed class Always(int token) : IDecodingStrategy
    {
        public int MaxDraft => 3;
        public IReadOnlyList<string> Sources { get; } = ["always"];
        public void Propose(ReadOnlySpan<DraftSequence> sequences, IDraftSink sink) => sink.Add(0, 0, [token, token, token]);
        public void Verified(long sequence, int proposed, int accepted) { }
        public void Ended(long sequence) { }
    }
}
