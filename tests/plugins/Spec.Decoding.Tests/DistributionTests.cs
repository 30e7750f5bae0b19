using Tessera.Conformance.Fakes;
using Tessera.Conformance.Ledger;
using Tessera.Engine.Generation;
using Tessera.Engine.Grammars;
using Tessera.Engine.Sampling;
using Tessera.Engine.Speculation;

namespace Tessera.Spec.Decoding.Tests;

/// <summary>Sampled output is distributed as plain decoding's: all continuations of three tokens against their exact probabilities, after the whole sampler chain.</summary>
public sealed class DistributionTests
{
    private const int Samples = 200_000, Vocabulary = 6;

    /// <summary>p = 0.001.</summary>
    private const double Limit = 3.09;

    private static readonly int[] Prompt = [0, 1, 2, 3, 4, 5, 0, 2, 4, 1, 3, 5, 1];

    private const int End = 4;

    private static readonly SamplingOptions Sampling = new() { Temperature = 1.3f, TopK = 5, TopP = 0.95f, RepetitionPenalty = 1.2f };

    private static readonly GenerationRequest Request = new() { Prompt = Prompt, MaxTokens = 5, IgnoreEndTokens = true, Sampling = Sampling, Prediction = new[] { 3, 2, 5, 0, 1 } };

    [Theory]
    [InlineData("prediction"), InlineData("lookup"), InlineData("suffix"), InlineData("draft")]
    public void Drafts_do_not_change_what_comes_out(string source)
    {
        double score = Score(source, Request, Samples, null, out int proposed, out int accepted);
        TestContext.Current.TestOutputHelper?.WriteLine($"{source}: {accepted} of {proposed} draft tokens accepted, score {score:F2}");
        Assert.True(accepted > Samples / 20 && proposed - accepted > Samples / 20, $"{accepted} of {proposed} accepted");
        Assert.True(score < Limit, $"{source}: chi-square score {score}");
    }

    [Fact]
    public void Plain_decoding_passes_too() => Assert.True(Score(null, Request, Samples, null, out _, out _) < Limit);

    /// <summary>What the first chain leaves out: a bias, penalties of the output alone, min-p, and end tokens that may not come yet although drafts have them.</summary>
    [Theory]
    [InlineData(null), InlineData("prediction"), InlineData("lookup"), InlineData("draft")]
    public void Biases_penalties_of_the_output_and_least_tokens_hold_along_a_draft(string? source)
    {
        GenerationRequest request = Request with
        {
            IgnoreEndTokens = false,
            MinTokens = 2,
            Sampling = new SamplingOptions { Temperature = 0.9f, MinP = 0.02f, FrequencyPenalty = 0.4f, PresencePenalty = 0.3f, LogitBias = new Dictionary<int, float> { [End] = 1.5f, [2] = -0.5f } },
            Prediction = new[] { 3, End, 5, 2, 1 },
        };
        double score = Score(source, request, Samples / 4, null, out _, out int accepted);
        Assert.True(source is null || accepted > Samples / 100, $"{accepted} accepted");
        Assert.True(score < Limit, $"{source}: chi-square score {score}");
    }

    /// <summary>A grammar whose masks change along a draft; drafts have tokens that it does not allow, sampled ones among them.</summary>
    [Theory]
    [InlineData(null), InlineData("prediction"), InlineData("lookup"), InlineData("suffix"), InlineData("draft")]
    public void A_grammar_holds_along_a_draft(string? source)
    {
        double score = Score(source, Constrained, Samples, null, out int proposed, out int accepted);
        TestContext.Current.TestOutputHelper?.WriteLine($"{source}: {accepted} of {proposed} draft tokens accepted, score {score:F2}");
        Assert.True(source is null || (accepted > Samples / 100 && proposed > accepted), $"{accepted} of {proposed} accepted");
        Assert.True(score < Limit, $"{source}: chi-square score {score}");
    }

    [Theory]
    [InlineData("lookup", "greedy"), InlineData("draft", "greedy"), InlineData("lookup", "again"), InlineData("draft", "again"), InlineData("draft", "certain"), InlineData("draft", "refused")]
    public void A_wrong_rule_is_found_out_with_a_grammar(string source, string rule)
    {
        double score = Score(source, Constrained, Samples, new WrongRule(rule), out _, out int accepted);
        Assert.True(accepted > 0);
        Assert.True(score > 2 * Limit, $"{source}, {rule}: chi-square score {score}");
    }

    /// <summary>The first is 0 to 3; none follows itself; 3 or 5 follow 1, 0 or 2 follow 5. It may end after the second.</summary>
    private static bool Allowed(IReadOnlyList<int> output, int token) => token == End
        ? output.Count >= 2
        : output.Count == 0 ? token <= 3 : token != output[^1] && output[^1] switch { 1 => token is 3 or 5, 5 => token is 0 or 2, _ => true };

    private static readonly GenerationRequest Constrained = Request with
    {
        IgnoreEndTokens = false,
        MinTokens = 2,
        Sampling = new SamplingOptions { Temperature = 2.2f, TopK = 4, TopP = 0.97f, RepetitionPenalty = 1.1f, LogitBias = new Dictionary<int, float> { [End] = -0.5f } },
        Grammar = Grammar.Parse("""
            root  ::= zero | one | two | three
            zero  ::= "\x00" (one | two | three | five)?
            one   ::= "\x01" (three | five)?
            two   ::= "\x02" (zero | one | three | five)?
            three ::= "\x03" (zero | one | two | five)?
            five  ::= "\x05" (zero | two)?
            """),
    };

    [Theory]
    [InlineData("lookup", "greedy"), InlineData("draft", "greedy"), InlineData("lookup", "again"), InlineData("draft", "again"), InlineData("draft", "certain")]
    public void A_wrong_rule_is_found_out(string source, string rule)
    {
        double score = Score(source, Request, Samples / 4, new WrongRule(rule), out _, out int accepted);
        Assert.True(accepted > 0);
        Assert.True(score > 2 * Limit, $"{source}, {rule}: chi-square score {score}");
    }

    /// <summary>How long a draft is may depend on what was accepted before, and on nothing that is still to be decided.</summary>
    [Theory]
    [InlineData("prediction"), InlineData("lookup"), InlineData("suffix"), InlineData("draft")]
    public void Drafts_of_tuned_lengths_do_not_change_what_comes_out(string source)
    {
        double score = Score(source, Request, Samples, null, out int proposed, out int accepted, out Dictionary<int, int> rows, Tuned);
        TestContext.Current.TestOutputHelper?.WriteLine($"{source}: {accepted} of {proposed} draft tokens accepted, score {score:F2}; steps by draft rows: {string.Join(", ", rows.OrderBy(r => r.Key).Select(r => $"{r.Key}: {r.Value}"))}");
        Assert.True(accepted > Samples / 50 && proposed > accepted, $"{accepted} of {proposed} accepted");
        Assert.True(rows.Count(r => r.Value > 100) > 4 && rows[0] > 100, "drafts were hardly ever cut");
        Assert.True(score < Limit, $"{source}: chi-square score {score}");
    }

    [Theory]
    [InlineData("lookup", "greedy"), InlineData("draft", "greedy"), InlineData("lookup", "again"), InlineData("draft", "again"), InlineData("draft", "certain")]
    public void A_wrong_rule_is_found_out_with_tuned_lengths(string source, string rule)
    {
        double score = Score(source, Request, Samples, new WrongRule(rule), out _, out int accepted, out _, Tuned);
        Assert.True(accepted > 0);
        Assert.True(score > 2 * Limit, $"{source}, {rule}: chi-square score {score}");
    }

    /// <summary>Milliseconds of a step: rows are cheap enough to be worth it, and dear enough to be left where little is accepted.</summary>
    private static double Tuned(int rows) => 20 + 0.15 * rows;

    private static double Score(string? source, GenerationRequest request, int samples, IAcceptanceRule? rule, out int proposed, out int accepted) =>
        Score(source, request, samples, rule, out proposed, out accepted, out _, null);

    private static double Score(string? source, GenerationRequest request, int samples, IAcceptanceRule? rule, out int proposed, out int accepted, out Dictionary<int, int> rows, Func<int, double>? cost)
    {
        LedgerModel model = new(Vocabulary), draft = new(Vocabulary, [2]);
        ExactDistribution exact = new(model, request, End, request.Grammar is null ? null : Allowed);
        SpecOptions? options = source is null ? null : new SpecOptions { Sources = [source], LookupMin = 1, MaxDraft = 3 };
        using SpecEngine engine = new(options, model, source == "draft" ? draft : null, rule: rule, maxContext: 32, tokenizer: new OneEnd(End), cost: cost);
        int[] counts = new int[exact.Cells], tokens = new int[5];
        int together = cost is null ? 64 : 8;
        for (int done = 0; done < samples; done += together)
        {
            GenerationStream[] streams = [.. Enumerable.Range(0, Math.Min(together, samples - done)).Select(_ => engine.Engine.Submit(request)[0])];
            engine.Run();
            foreach (GenerationStream stream in streams)
            {
                for (int i = 0; stream.TryRead(out GeneratedToken token, out _); i++)
                    tokens[i] = token.Token;
                Assert.True(stream.FinishReason == FinishReason.Length || (stream.FinishReason == FinishReason.EndToken && !request.IgnoreEndTokens), $"{stream.FinishReason}");
                counts[exact.Cell(tokens)]++;
            }
        }
        engine.AssertClean();
        (proposed, accepted) = engine.Drafts.Values.SingleOrDefault();
        rows = engine.Rows;
        return exact.Score(counts);
    }

    /// <summary>Mistakes that are made in practice.</summary>
    private sealed class WrongRule(string kind) : IAcceptanceRule
    {
        public int Decide(Candidates target, int draft, ReadOnlySpan<DraftCandidate> source, double accept, double residual)
        {
            int at = target.IndexOf(draft);
            double p = at < 0 ? 0 : target.Items[at].Probability, q = 1;
            foreach (DraftCandidate candidate in source)
                q = candidate.Token == draft && kind != "certain" ? candidate.Probability : q;
            return kind switch
            {
                // Takes whatever is likely enough.
                "greedy" => p > 0.2 ? draft : target.DrawByProbability(residual),
                // Forgets that a draft which the grammar refuses was sampled.
                "refused" when p == 0 => target.DrawByProbability(residual),
                "refused" => new SpeculativeSampling().Decide(target, draft, source, accept, residual),
                // Draws from the whole distribution again where a draft was refused.
                "again" => accept * q < p ? draft : target.DrawByProbability(residual),
                // Takes a sampled draft for one that was not left to chance, and its residual for the sampled one's.
                _ => accept < p ? draft : Residual(target, source, residual),
            };
        }

        private static int Residual(Candidates target, ReadOnlySpan<DraftCandidate> source, double residual)
        {
            foreach (DraftCandidate candidate in source)
                if (target.IndexOf(candidate.Token) is >= 0 and int at)
                    target.Items[at].Probability = Math.Max(0, target.Items[at].Probability - candidate.Probability);
            return target.DrawByProbability(residual);
        }
    }

    /// <summary>The byte tokenizer with another end token.</summary>
    private sealed class OneEnd(int end) : ITokenizer
    {
        private readonly ByteTokenizer _bytes = new();
        public int VocabularySize => _bytes.VocabularySize;
        public IReadOnlyList<int> EndTokens { get; } = [end];
        public int? Special(SpecialToken role) => _bytes.Special(role);
        public TokenKind Kind(int id) => _bytes.Kind(id);
        public ReadOnlySpan<byte> Piece(int id) => _bytes.Piece(id);
        public void Encode(ReadOnlySpan<char> text, in EncodeOptions options, List<int> ids) => _bytes.Encode(text, options, ids);
        public ITokenDecoder CreateDecoder(bool skipControl) => _bytes.CreateDecoder(skipControl);
    }
}
