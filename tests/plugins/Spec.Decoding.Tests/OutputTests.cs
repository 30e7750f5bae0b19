using System.Text;
using Tessera.Conformance.Fakes;
using Tessera.Conformance.Ledger;
using Tessera.Engine.Generation;
using Tessera.Engine.Sampling;

namespace Tessera.Spec.Decoding.Tests;

/// <summary>What the product's strategy drafts changes no output that is promised: greedy and seeded sequences get what plain decoding gives, whatever ends them.</summary>
public sealed class OutputTests
{
    private const int Requests = 48, Most = 90;

    [Theory]
    [InlineData("prediction", 0), InlineData("lookup", 1), InlineData("suffix", 2), InlineData("draft", 3), InlineData("prediction, suffix, lookup, draft", 4), InlineData("suffix, lookup, prediction", 5)]
    public void Streams_are_plain_decoding_s(string sources, int seed)
    {
        int preempted = 0;
        foreach ((int blocks, int[] windows) in new[] { (10_000, new[] { 0 }), (16, [0]), (20, [0, 24]) })
            preempted += Check(sources, seed, blocks, windows);
        Assert.True(preempted > 0, "no sequence was preempted");
    }

    private static int Check(string sources, int seed, int blocks, int[] windows)
    {
        // End tokens are not suppressed: some sequences end with one, in the middle of a draft too.
        LedgerModel model = SpecEngine.Ledger(windows);
        GenerationRequest[] requests = Make(model, seed);
        List<(GeneratedToken[] Tokens, FinishReason Reason)> expected = [];
        using (SpecEngine plain = new(null, model))
            foreach (GenerationRequest request in requests)
                expected.Add(Result(plain, plain.Engine.Submit(request with { Speculative = false })[0]));
        SpecOptions options = new() { Sources = sources.Split(", "), LookupMin = 1, MaxDraft = 6 };
        using SpecEngine engine = new(options, model, sources.Contains("draft", StringComparison.Ordinal) ? SpecEngine.Ledger(windows) : null, blocks * windows.Length, maxSequences: 16);
        Random random = new(seed);
        List<GenerationStream> streams = [];
        while (streams.Count < requests.Length || engine.Engine.Load is { Waiting: > 0 } or { Running: > 0 })
        {
            while (streams.Count < requests.Length && random.Next(3) > 0)
                streams.Add(engine.Engine.Submit(requests[streams.Count])[0]);
            engine.Engine.Step();
        }
        for (int i = 0; i < requests.Length; i++)
        {
            (GeneratedToken[] tokens, FinishReason reason) = Result(engine, streams[i]);
            Assert.Equal(expected[i].Tokens, tokens);
            Assert.Equal(expected[i].Reason, reason);
            Assert.True(requests[i].MinTokens == 0 || tokens.Length > requests[i].MinTokens || reason == FinishReason.Length);
            Assert.True(requests[i].Speculative || streams[i].DraftedTokens == 0);
        }
        Assert.Equal(3, expected.Select(e => e.Reason).Distinct().Count());
        Assert.Equal(sources.Split(", ").Order(), engine.Drafts.Keys.Order());
        Assert.All(engine.Drafts, d => Assert.True(d.Value.Proposed > 10, $"{d.Key}: {d.Value}"));
        engine.AssertClean();
        return engine.Preempted;
    }

    /// <summary>Greedy and seeded ones, with and without penalties, biases, stop strings, least tokens, log-probabilities and predictions, some without speculation.</summary>
    private static GenerationRequest[] Make(LedgerModel model, int seed)
    {
        Random random = new(1000 + seed);
        GenerationRequest[] requests = new GenerationRequest[Requests];
        for (int i = 0; i < requests.Length; i++)
        {
            if (i >= 12 && i % 4 == 1)
            {
                // Said before: the suffix source knows the answer.
                requests[i] = requests[i - 12] with { MaxTokens = Most };
                continue;
            }
            int[] prompt = [.. Enumerable.Range(0, random.Next(4, 60)).Select(_ => random.Next(40, 60))];
            int[] greedy = model.Greedy(prompt, Most);
            int most = random.Next(2, Most);
            requests[i] = new GenerationRequest
            {
                Prompt = prompt,
                MaxTokens = most,
                MinTokens = i % 7 == 3 ? most * 3 / 4 : 0,
                TopLogProbabilities = i % 3 - 1,
                Sampling = (i % 3) switch
                {
                    0 => SpecEngine.Greedy,
                    1 => SpecEngine.Greedy with { RepetitionPenalty = 1.4f, RepetitionWindow = 30, FrequencyPenalty = 0.3f },
                    _ => new SamplingOptions { Seed = (ulong)i, Temperature = 0.3f, TopK = 4, PresencePenalty = 0.2f, LogitBias = new Dictionary<int, float> { [ByteTokenizer.Eos] = 1, [50] = -3 } },
                },
                Stop = i % 4 == 0 ? [Printable(greedy)] : [],
                CacheSalt = i % 5 == 0 ? "salt" : null,
                Speculative = i % 6 != 5,
                Prediction = i % 2 == 0 ? greedy.Select((t, at) => at % 11 == 7 ? 33 : t).ToArray() : default,
            };
        }
        return requests;
    }

    /// <summary>Two printable bytes that stand next to each other somewhere in an output; a text that does not, where there are none.</summary>
    private static string Printable(int[] output)
    {
        for (int i = 8; i + 1 < output.Length; i++)
            if (output[i] is > 32 and < 127 && output[i + 1] is > 32 and < 127)
                return Encoding.ASCII.GetString([(byte)output[i], (byte)output[i + 1]]);
        return "never said";
    }

    private static (GeneratedToken[] Tokens, FinishReason Reason) Result(SpecEngine engine, GenerationStream stream)
    {
        engine.Run();
        List<GeneratedToken> tokens = [];
        while (stream.TryRead(out GeneratedToken token, out _))
            tokens.Add(token);
        return ([.. tokens], stream.FinishReason);
    }

    [Fact]
    public void Long_runs_of_accepted_tokens_end_where_they_should()
    {
        LedgerModel model = new(ByteTokenizer.Size, suppressed: [ByteTokenizer.Eos, ByteTokenizer.Eot]);
        int[] prompt = [1, 2, 3, 4, 5], greedy = model.Greedy(prompt, 40);
        using SpecEngine engine = new(new SpecOptions { Sources = ["prediction"], MaxDraft = 32 }, model);
        for (int most = 1; most <= 40; most++)
        {
            GenerationStream stream = engine.Engine.Submit(new GenerationRequest { Prompt = prompt, MaxTokens = most, Sampling = SpecEngine.Greedy, Prediction = greedy })[0];
            engine.Run();
            Assert.Equal(greedy.Take(most), SpecEngine.Read(stream));
            // The first token is the prompt's, and one more follows each draft: 32 tokens, then what is left.
            int drafted = most <= 34 ? Math.Max(0, most - 2) : 32 + Math.Max(0, most - 35);
            Assert.Equal((FinishReason.Length, drafted, drafted), (stream.FinishReason, stream.PredictedTokens, stream.AcceptedPredictedTokens));
        }
        engine.AssertClean();
    }
}
