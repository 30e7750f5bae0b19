using Tessera.Spec.Decoding.Sources;

namespace Tessera.Spec.Decoding.Tests;

/// <summary>What each source proposes, token by token.</summary>
public sealed class SourceTests
{
    [Fact]
    public void Lookup_takes_the_longest_n_gram_and_of_equal_ones_the_latest()
    {
        LookupSource source = new(2, 3);
        // "7 8" stands before 9 and, later, before 4; "6 7 8" before 9 only.
        Assert.Equal([9, 5, 7], Propose(source, 1, [6, 7, 8, 9, 5, 7, 8, 4, 6, 7, 8], room: 3));
        Assert.Equal([4, 5, 7], Propose(source, 2, [5, 7, 8, 9, 5, 7, 8, 4, 5, 7, 8], room: 3));
        Assert.Empty(Propose(source, 3, [1, 2, 3, 4, 5]));
        Assert.Empty(Propose(source, 4, [1, 2, 3, 1]));
    }

    [Fact]
    public void Lookup_goes_on_with_a_text_that_repeats_itself()
    {
        LookupSource source = new(2, 5);
        Assert.Equal([3, 1, 2, 3, 1, 2, 3], Propose(source, 1, [9, 1, 2, 3, 1, 2], room: 7));
    }

    [Fact]
    public void Lookup_follows_a_sequence_as_it_grows_and_forgets_it()
    {
        LookupSource source = new(2, 4);
        Random random = new(1);
        List<int> tokens = [];
        int drafted = 0;
        for (int step = 0; step < 600; step++)
        {
            for (int i = random.Next(1, 5); i > 0; i--)
                tokens.Add(random.Next(7));
            int[] draft = Propose(source, 1, [.. tokens], room: 4);
            // As many tokens agree as with any n-gram, and where there is none, it is a guess of where the text goes on.
            int n = Longest(tokens, 2, 4);
            Assert.True(n == 0 ? draft.Length == 0 || Follows(tokens, 0, draft) : Follows(tokens, n, draft), $"step {step}: {string.Join(' ', draft)} after {string.Join(' ', tokens)}");
            drafted += n > 0 ? 1 : 0;
        }
        Assert.True(drafted > 500);
        source.Ended(1);
        Assert.Empty(Propose(source, 1, [1, 2, 3]));
    }

    [Fact]
    public void Lookup_stays_in_the_passage_that_is_copied()
    {
        int[] first = [1, 2, 3, 50, 51, 52, 53, 54, 55, 4, 5], second = [11, 12, 13, 50, 51, 52, 53, 54, 55, 14, 15], prompt = [.. first, 20, .. second, 21];
        LookupSource source = new(2, 5);
        Grow(source, 1, [.. prompt, .. first, 20, 11], prompt: prompt.Length);
        int[] copied = [.. prompt, .. first, 20, .. second[..9]];
        Grow(source, 1, copied, prompt: prompt.Length + first.Length + 2);
        // The last five tokens stood in the copy of the first passage last, before 4.
        Assert.Equal([14, 15, 21], Propose(source, 1, copied, room: 3));
        Assert.Equal([4, 5, 51], Propose(new LookupSource(2, 5), 1, [.. second, .. first, .. copied[^5..]], room: 3));
    }

    [Fact]
    public void Lookup_goes_on_behind_a_token_that_was_replaced()
    {
        int[] text = [.. Enumerable.Range(10, 40)];
        LookupSource source = new(2, 5);
        List<int> tokens = [.. text, .. text[..12]];
        Assert.Equal((22, 12), Next());
        // 22 is replaced: one token is taken to stand for one.
        tokens.Add(99);
        Assert.Equal((23, 1), Next());
        tokens.Add(23);
        Assert.Equal((24, 3), Next());
        tokens.Add(24);
        Assert.Equal((25, 4), Next());
        // Two tokens stand for one: found by the one behind them.
        tokens.AddRange([97, 98]);
        Next();
        tokens.Add(26);
        Assert.Equal(27, Next().Token);
        // Left behind for long, it is given up.
        tokens.AddRange(Enumerable.Range(200, 10));
        Assert.Equal((-1, 0), Next());
        tokens.Add(28);
        Assert.Equal((-1, 0), Next());

        (int Token, int Agreed) Next()
        {
            Sink sink = Ask(source, 1, [.. tokens], 0, null, null, 1);
            return sink.Drafts.Count == 0 ? (-1, 0) : (int.Parse(sink.Drafts[0].Tokens), sink.Agreed[0]);
        }
    }

    [Fact]
    public void Sources_say_how_far_their_places_agree()
    {
        Assert.Equal(3, Ask(new LookupSource(2, 5), 1, [9, 1, 2, 3, 4, 1, 2, 3], 0, null, null, 4).Agreed[0]);
        Assert.Equal(12, Ask(new LookupSource(2, 5), 1, [.. Enumerable.Range(0, 20), .. Enumerable.Range(3, 12)], 0, null, null, 4).Agreed[0]);
        SuffixSource suffix = new(1000);
        Grow(suffix, 1, [1, 2, 3, 4, 5]);
        Assert.Equal(3, Ask(suffix, 2, [1, 2, 3], 0, null, null, 4).Agreed[0]);
        // The client's word counts at first, then what has come of it.
        PredictionSource prediction = new();
        int[] predicted = [.. Enumerable.Range(10, 20)];
        Assert.Equal(4, Ask(prediction, 1, [1], 1, null, predicted, 4).Agreed[0]);
        Assert.Equal(7, Ask(prediction, 1, [1, 10, 11, 12], 1, null, predicted, 4).Agreed[0]);
        Assert.Equal(1, Ask(prediction, 1, [1, 10, 11, 12, 99], 1, null, predicted, 4).Agreed[0]);
    }

    [Fact]
    public void Lookup_takes_a_very_long_prompt_in_over_several_steps()
    {
        LookupSource source = new(2, 5);
        int[] prompt = [.. Enumerable.Range(0, 20_000), 5, 6, 7];
        Assert.Empty(Propose(source, 1, prompt));
        Assert.Empty(Propose(source, 1, prompt));
        Assert.Equal([8, 9], Propose(source, 1, prompt, room: 2));
    }

    [Fact]
    public void Suffix_proposes_what_mostly_followed_in_other_outputs()
    {
        SuffixSource source = new(1000);
        for (int i = 0; i < 3; i++)
            Grow(source, i, [100, 1, 2, 3, i == 1 ? 5 : 4, 6], prompt: 1);
        Assert.Equal([4, 6], Propose(source, 9, [50, 1, 2, 3], prompt: 1, room: 4));
        // What stands in prompts is not learned, nor is a single token a place.
        Assert.Empty(Propose(source, 10, [100, 1], prompt: 1));
        Assert.Empty(Propose(source, 11, [100, 1, 2, 8, 9], prompt: 1));
    }

    [Fact]
    public void Suffix_knows_nothing_across_salts()
    {
        SuffixSource source = new(1000);
        Grow(source, 1, [1, 2, 3, 4, 5, 6], salt: "a");
        Assert.Equal([4, 5, 6], Propose(source, 2, [1, 2, 3], salt: "a", room: 3));
        Assert.Empty(Propose(source, 3, [1, 2, 3], salt: "b"));
        Assert.Empty(Propose(source, 4, [1, 2, 3]));
        Assert.Empty(Propose(source, 5, [1, 2, 3], salt: ""));
        // No salt is not an empty one.
        Grow(source, 6, [7, 8, 9, 10]);
        Assert.Equal([10], Propose(source, 7, [7, 8, 9], room: 1));
        Assert.Empty(Propose(source, 8, [7, 8, 9], salt: ""));
        Grow(source, 9, [11, 12, 13, 14], salt: "");
        Assert.Empty(Propose(source, 10, [11, 12, 13]));
    }

    [Fact]
    public void Suffix_remembers_recent_outputs_in_bounded_memory()
    {
        SuffixSource source = new(256);
        Random random = new(1);
        Grow(source, 1, [1, 2, 3, 4]);
        Assert.Equal([4], Propose(source, 2, [1, 2, 3], room: 1));
        long before = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 0; i < 40; i++)
        {
            Grow(source, 10 + i, [.. Enumerable.Range(0, 50).Select(_ => random.Next(10, 1000))]);
            source.Ended(10 + i);
        }
        Assert.Empty(Propose(source, 3, [1, 2, 3]));
        // 2,000 tokens went through trees that hold 256 each.
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 4_000_000);
        Grow(source, 99, [5, 6, 7, 8]);
        Assert.Equal([8], Propose(source, 100, [5, 6, 7], room: 1));
    }

    [Fact]
    public void Prediction_is_followed_and_found_again()
    {
        PredictionSource source = new();
        int[] prediction = [.. Enumerable.Range(10, 40)];
        Assert.Equal([10, 11, 12], Propose(source, 1, [1, 2], prompt: 2, prediction: prediction, room: 3));
        Assert.Equal([12, 13, 14], Propose(source, 1, [1, 2, 10, 11], prompt: 2, prediction: prediction, room: 3));
        // One token replaced: it is taken to stand for one, and the next shows that it does.
        Assert.Equal([13, 14], Propose(source, 1, [1, 2, 10, 11, 99], prompt: 2, prediction: prediction, room: 2));
        Assert.Equal([14, 15, 16], Propose(source, 1, [1, 2, 10, 11, 99, 13], prompt: 2, prediction: prediction, room: 3));
        // Some left out, near; then some put in.
        Assert.Equal([21, 22], Propose(source, 1, [1, 2, 10, 11, 99, 13, 20], prompt: 2, prediction: prediction, room: 2));
        Assert.Empty(Propose(source, 1, [1, 2, 10, 11, 99, 13, 20, 77, 78, 79], prompt: 2, prediction: prediction));
        Assert.Equal([22, 23], Propose(source, 1, [1, 2, 10, 11, 99, 13, 20, 77, 78, 79, 21], prompt: 2, prediction: prediction, room: 2));
        // Far: two tokens say where. Back: three do.
        Assert.Equal([47, 48], Propose(source, 1, [1, 2, 10, 11, 99, 13, 20, 77, 78, 79, 21, 45, 46], prompt: 2, prediction: prediction, room: 2));
        Assert.Equal([15, 16], Propose(source, 1, [1, 2, 10, 11, 99, 13, 20, 77, 78, 79, 21, 45, 46, 12, 13, 14], prompt: 2, prediction: prediction, room: 2));
        // At its end it has nothing more to say.
        Assert.Equal([49], Propose(source, 2, [1, .. prediction[..^1]], prompt: 1, prediction: prediction));
        Assert.Empty(Propose(source, 3, [1, .. prediction], prompt: 1, prediction: prediction));
        Assert.Empty(Propose(source, 4, [1, 2], prompt: 1));
    }

    [Fact]
    public void A_source_that_was_asked_first_is_the_one_that_drafts()
    {
        SpecStrategy strategy = new(new SpecOptions { Sources = ["prediction", "lookup"] });
        Sink sink = new();
        DraftSequence both = new(1, new[] { 1, 2, 3, 1, 2 }, 4) { PromptLength = 5, Prediction = new[] { 8, 9 } }, one = new(2, new[] { 1, 2, 3, 1, 2 }, 4) { PromptLength = 5 };
        strategy.Propose([both, one], sink);
        Assert.Equal([(0, 0, "8 9"), (1, 1, "3 1 2 3")], sink.Drafts);
    }

    [Fact]
    public void The_likeliest_tokens_have_the_temperature_s_probabilities()
    {
        BestToken[] best = [new(70, 5), new(900, 5), new(1002, 4), new(3, 3)];
        DraftCandidate[] candidates = new DraftCandidate[4];
        Assert.Equal(4, Likeliest.Of(best, 2, candidates));
        Assert.Equal([70, 900, 1002, 3], candidates.Select(c => c.Token));
        double[] expected = [1, 1, Math.Exp(-0.5), Math.Exp(-1)];
        for (int i = 0; i < 4; i++)
            Assert.Equal(expected[i] / expected.Sum(), candidates[i].Probability, 1e-6);
        // At a low temperature the others have no probability at all, and are no candidates.
        Assert.Equal(2, Likeliest.Of(best, 0.005f, candidates));
    }

    /// <summary>The longest n-gram at the end that stood before; 0: none.</summary>
    private static int Longest(List<int> tokens, int least, int most)
    {
        for (int n = Math.Min(most, tokens.Count - 1); n >= least; n--)
            for (int end = tokens.Count - 1; end >= n; end--)
                if (Agrees(tokens, n, end))
                    return n;
        return 0;
    }

    /// <summary>Whether a draft is what follows a place that so many tokens agree with.</summary>
    private static bool Follows(List<int> tokens, int n, int[] draft)
    {
        List<int> whole = [.. tokens, .. draft];
        return Enumerable.Range(n, tokens.Count - n).Any(end => Agrees(tokens, n, end) && Enumerable.Range(0, draft.Length).All(i => draft[i] == whole[end + i]));
    }

    private static bool Agrees(List<int> tokens, int n, int end) => Enumerable.Range(0, n).All(i => tokens[end - n + i] == tokens[tokens.Count - n + i]);

    private static void Grow(IDraftSource source, long id, int[] tokens, int prompt = 0, string? salt = null)
    {
        for (int length = prompt + 1; length <= tokens.Length; length++)
            Propose(source, id, tokens[..length], prompt, salt);
    }

    private static int[] Propose(IDraftSource source, long id, int[] tokens, int prompt = 0, string? salt = null, int[]? prediction = null, int room = 8)
    {
        Sink sink = Ask(source, id, tokens, prompt, salt, prediction, room);
        return sink.Drafts.Count == 0 ? [] : [.. sink.Drafts[0].Tokens.Split(' ').Select(int.Parse)];
    }

    private static Sink Ask(IDraftSource source, long id, int[] tokens, int prompt, string? salt, int[]? prediction, int room)
    {
        Turn turn = new(8);
        Sink sink = new();
        turn.Start([new DraftSequence(id, tokens, room) { PromptLength = prompt, CacheSalt = salt, Prediction = prediction }], sink);
        source.Propose(turn);
        turn.End();
        return sink;
    }

    private sealed class Sink : IDraftSink
    {
        public List<(int Sequence, int Source, string Tokens)> Drafts { get; } = [];
        public List<int> Agreed { get; } = [];
        public void Add(int sequence, int source, ReadOnlySpan<int> tokens) => Add(sequence, source, tokens, 0);

        public void Add(int sequence, int source, ReadOnlySpan<int> tokens, int agreed)
        {
            Drafts.Add((sequence, source, string.Join(' ', tokens.ToArray())));
            Agreed.Add(agreed);
        }

        public void AddSampled(int sequence, int source, int token, ReadOnlySpan<DraftCandidate> distribution) =>
            Assert.Fail("A source that looks its drafts up samples nothing: it has no distribution to give.");
    }
}
