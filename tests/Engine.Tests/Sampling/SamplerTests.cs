using Tessera.Engine.Generation;
using Tessera.Engine.Sampling;
using Tessera.Engine.Speculation;

namespace Tessera.Engine.Tests.Sampling;

public sealed class SamplerTests
{
    [Fact]
    public void Argmax_takes_the_lowest_id_of_equals_and_refuses_what_is_no_number()
    {
        foreach (int length in (int[])[1, 3, 8, 17, 64, 1000, 5000])
        {
            float[] logits = Gauss(length, length);
            int best = Array.IndexOf(logits, logits.Max());
            Assert.Equal(best, LogitScan.Argmax(logits));
            logits[length - 1] = logits[best];
            Assert.Equal(best, LogitScan.Argmax(logits));
            logits[length / 2] = float.NaN;
            Assert.Equal(-1, LogitScan.Argmax(logits));
            logits[length / 2] = float.PositiveInfinity;
            Assert.Equal(-1, LogitScan.Argmax(logits));
            Array.Fill(logits, float.NegativeInfinity);
            Assert.Equal(-1, LogitScan.Argmax(logits));
            logits[length - 1] = -5;
            Assert.Equal(length - 1, LogitScan.Argmax(logits));
        }
    }

    /// <summary>Where all but a few logits are −∞, top-k neither loads nor sorts the others.</summary>
    [Theory]
    [InlineData(20)]
    [InlineData(5000)]
    public void What_cannot_be_drawn_is_not_taken_in_by_top_k(int k)
    {
        float[] logits = new float[100_000];
        Array.Fill(logits, float.NegativeInfinity);
        (logits[7], logits[50_000], logits[99_999]) = (1, 3, 2);
        SamplingBuffers buffers = new(logits.Length);
        buffers.Candidates.Load(logits, buffers.Shortlist.TopK(logits, k));
        Assert.Equal(3, buffers.Candidates.Count);
        Assert.True(buffers.Candidates.Load(logits));
        TopK.Apply(buffers.Candidates, k);
        Assert.Equal([50_000, 99_999, 7], buffers.Candidates.Items.ToArray().Select(c => c.Id));
    }

    /// <summary>What a grammar does not allow has a logit of −∞, and often nearly everything has.</summary>
    [Fact]
    public void A_token_without_probability_is_never_drawn()
    {
        SamplingBuffers buffers = new(1000);
        Random random = new(4);
        SamplingOptions[] options =
        [
            new() { Temperature = 0 }, new(), new() { TopK = 40 }, new() { TopK = 300 }, new() { TypicalP = 0.5f }, new() { TypicalP = 0.99f }, new() { TopP = 0.999999f }, new() { TopP = 0.3f }, new() { MinP = 0.2f }, new() { Temperature = 100 },
            new() { Temperature = 0, RepetitionPenalty = 1.5f, FrequencyPenalty = -1 }, new() { RepetitionPenalty = 0.5f, PresencePenalty = -50, LogitBias = Enumerable.Range(0, 900).ToDictionary(i => i, _ => 100f) },
            new() { TopK = 100, TypicalP = 0.9f, TopP = 0.95f, MinP = 0.05f, RepetitionPenalty = 1.2f, Temperature = 0.2f, LogitBias = new Dictionary<int, float> { [3] = 100, [999] = 100 } },
        ];
        foreach (SamplingOptions each in options)
            for (int round = 0; round < 60; round++)
            {
                float[] logits = Gauss(round, 1000);
                int[] allowed = [.. Enumerable.Range(0, 1 + round % 4 * 7).Select(_ => random.Next(1000))];
                for (int i = 0; i < logits.Length; i++)
                    logits[i] = allowed.Contains(i) ? logits[i] * 30 : float.NegativeInfinity;
                Sampler sampler = new(each, (ulong)round, [3, 5, allowed[0], 999], 100);
                sampler.Accept([3, 5, allowed[0], 999, allowed[^1]]);
                for (int place = 0; place < 10; place++)
                {
                    Assert.Contains(sampler.Draw(logits, place, buffers), allowed);
                    if (sampler.AcceptsByChance)
                        Assert.Contains(sampler.Verify(logits, place, draft: random.Next(1000), [], new SpeculativeSampling(), buffers), allowed);
                }
            }
    }

    [Fact]
    public void A_draft_without_probability_is_not_accepted_where_rounding_leaves_nothing_else()
    {
        Candidates target = new(3);
        Assert.True(target.Load([0, float.NegativeInfinity, float.NegativeInfinity]));
        target.Softmax();
        Assert.Equal(0, new SpeculativeSampling().Decide(target, 1, [new DraftCandidate(0, 1), new DraftCandidate(1, 1e-9f)], 0.5, 0.5));
    }

    [Fact]
    public void Argmax_looks_at_every_place()
    {
        float[] logits = new float[100];
        for (int i = 0; i < logits.Length; i++)
        {
            logits[i] = 1;
            Assert.Equal(i, LogitScan.Argmax(logits));
            logits[i] = float.NaN;
            Assert.Equal(-1, LogitScan.Argmax(logits));
            logits[i] = 0;
        }
    }

    [Theory]
    [MemberData(nameof(Options))]
    public void Rows_that_are_no_numbers_are_refused_by_every_path(SamplingOptions options)
    {
        float[] logits = Gauss(1, 100);
        SamplingBuffers buffers = new(100);
        Sampler sampler = new(options, 1, [1, 2, 3], 10);
        Assert.InRange(sampler.Draw(logits, 0, buffers), 0, 99);
        logits[70] = float.NaN;
        Assert.Equal(-1, sampler.Draw(logits, 0, buffers));
        Array.Fill(logits, float.NegativeInfinity);
        Assert.Equal(-1, sampler.Draw(logits, 0, buffers));
        logits[33] = -1000;
        Assert.Equal(33, sampler.Draw(logits, 0, buffers));
    }

    public static TheoryData<SamplingOptions> Options() => new(
        new SamplingOptions { Temperature = 0 },
        new SamplingOptions(),
        new SamplingOptions { Temperature = 1e-30f },
        new SamplingOptions { Temperature = 1e-30f, TopK = 50 },
        new SamplingOptions { TopK = 5, TypicalP = 0.5f, TopP = 0.5f, MinP = 0.1f },
        new SamplingOptions { Temperature = 0, FrequencyPenalty = 1 });

    [Theory]
    [InlineData(1f, 0), InlineData(0.5f, 0), InlineData(2f, 0), InlineData(1f, 12)]
    public void Draws_follow_the_distribution(float temperature, int topK)
    {
        const int Draws = 10_000, Vocabulary = 1500;
        float[] logits = Gauss(3, Vocabulary);
        int[] order = [.. Enumerable.Range(0, Vocabulary).OrderByDescending(i => logits[i])];
        int[] kept = topK == 0 ? order : order[..topK];
        double sum = kept.Sum(i => Math.Exp(logits[i] / temperature));
        int[] counts = new int[Vocabulary];
        Sampler sampler = new(new SamplingOptions { Temperature = temperature, TopK = topK }, 42, [1], 1);
        SamplingBuffers buffers = new(Vocabulary);
        for (int i = 0; i < Draws; i++)
            counts[sampler.Draw(logits, i, buffers)]++;
        // Five standard deviations; the draws are the same in every run.
        foreach (int token in order[..20])
        {
            double p = kept.Contains(token) ? Math.Exp(logits[token] / temperature) / sum : 0;
            Assert.InRange(counts[token], Draws * p - 5 * Math.Sqrt(Draws * p * (1 - p)) - 1e-9, Draws * p + 5 * Math.Sqrt(Draws * p * (1 - p)) + 1e-9);
        }
    }

    [Fact]
    public void A_draw_depends_on_seed_and_place_only()
    {
        float[] logits = new float[50_000];
        SamplingBuffers buffers = new(logits.Length);
        int[] One(ulong seed) => [.. Enumerable.Range(0, 20).Select(i => new Sampler(SamplingOptions.Default, seed, [1], 1).Draw(logits, i, buffers))];
        Assert.Equal(One(1), One(1));
        Assert.Equal(One(1).Reverse(), Enumerable.Range(0, 20).Select(i => 19 - i).Select(i => new Sampler(SamplingOptions.Default, 1, [9, 9], 5).Draw(logits, i, buffers)));
        Assert.Equal(40, One(1).Concat(One(2)).Distinct().Count());
        Assert.Equal(5ul, CounterRandom.ForChoice(5, 0));
        Assert.NotEqual(CounterRandom.ForChoice(5, 1), CounterRandom.ForChoice(5, 2));
    }

    [Fact]
    public void The_repetition_window_slides_and_frequency_counts_the_output_only()
    {
        SamplingOptions options = new() { Temperature = 0, RepetitionPenalty = 2, RepetitionWindow = 3, FrequencyPenalty = 1 };
        List<int> tokens = [0, 1, 2];
        Sampler sampler = new(options, 0, [.. tokens], 50);
        SamplingBuffers buffers = new(12);
        float[] logits = [.. Enumerable.Range(0, 12).Select(i => 20f - i)];
        for (int i = 0; i < 40; i++)
        {
            float[] expected = [.. logits];
            foreach (int token in tokens.TakeLast(3).Distinct())
                expected[token] /= 2;
            foreach (int token in tokens.Skip(3))
                expected[token] -= 1;
            int drawn = sampler.Draw(logits, i, buffers);
            Assert.Equal(Array.IndexOf(expected, expected.Max()), drawn);
            tokens.Add(drawn);
            sampler.Accept(tokens.ToArray());
        }
    }

    [Fact]
    public void Selection_agrees_with_sorting()
    {
        Random random = new(5);
        for (int round = 0; round < 400; round++)
        {
            int length = random.Next(1, 600), values = random.Next(1, 3) == 1 ? 5 : 100_000;
            Candidate[] items = new Candidate[length];
            for (int i = 0; i < length; i++)
                items[i] = new Candidate { Id = i, Key = random.Next(values), Probability = 1f / length };
            if (round % 4 == 0)
                Array.Sort(items);
            double mass = random.NextDouble() * 1.1;
            int least = random.Next(length + 1);
            Candidate[] sorted = [.. items.Order()];
            double sum = 0;
            int expected = length;
            for (int i = 0; i < length; i++)
                if ((sum += sorted[i].Probability) >= mass && i + 1 >= least)
                {
                    expected = i + 1;
                    break;
                }
            int head = Selection.Head(items, mass, least);
            Assert.InRange(head, expected - 1, expected + 1);
            Assert.Equal(sorted.Take(head).Select(c => c.Id).Order(), items.Take(head).Select(c => c.Id).Order());
        }
    }

    [Fact]
    public void The_shortlist_leaves_what_the_whole_chain_leaves()
    {
        Random random = new(8);
        for (int round = 0; round < 300; round++)
        {
            int length = random.Next(1, 3000);
            float[] logits = Gauss(round, length);
            if (round % 3 == 0)
                for (int i = 0; i < length; i++)
                    logits[i] = MathF.Round(logits[i]);
            SamplingOptions options = new()
            {
                TopK = random.Next(3) == 0 ? random.Next(1, 100) : 0,
                TopP = random.Next(2) == 0 ? 1 : 0.05f + 0.94f * random.NextSingle(),
                MinP = random.Next(2) == 0 ? 0 : random.NextSingle() * 0.3f,
                TypicalP = random.Next(4) == 0 ? 0.7f : 1,
            };
            SamplingBuffers buffers = new(length);
            new Sampler(options, 1, [0], 1).Draw(logits, 0, buffers);
            Candidates whole = new(length);
            whole.Load(logits);
            TopK.Apply(whole, options.TopK);
            Typical.Apply(whole, options.TypicalP);
            TopP.Apply(whole, options.TopP);
            MinP.Apply(whole, options.MinP);
            if (options is { TopK: 0, TopP: 1, MinP: 0, TypicalP: 1 })
                continue;
            // Rounding may move top-p's cut by one.
            int[] expected = [.. whole.Items.ToArray().Select(c => c.Id).Order()], found = [.. buffers.Candidates.Items.ToArray().Select(c => c.Id).Order()];
            int apart = expected.Except(found).Count() + found.Except(expected).Count();
            Assert.True(apart <= (options.TopP < 1 ? 1 : 0), $"{options}: {apart} of {expected.Length} tokens differ");
        }
    }

    [Fact]
    public void Top_alternatives_are_sorted_with_equals_by_id()
    {
        float[] logits = [1, 3, 2, 3, 0, 3];
        TokenProbability[] top = new TokenProbability[4];
        double normalizer = LogProbabilities.Normalizer(logits);
        LogProbabilities.Top(logits, normalizer, top);
        Assert.Equal([1, 3, 5, 2], top.Select(t => t.Token));
        Assert.Equal(3 - Math.Log(logits.Sum(l => Math.Exp(l))), top[0].LogProbability, 1e-6);
    }

    private static float[] Gauss(int seed, int length)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, length).Select(_ => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()) * 3))];
    }
}
