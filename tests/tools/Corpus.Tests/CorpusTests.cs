using Tessera.Corpus;
using Tessera.Corpus.Stories;

namespace Tessera.Corpus.Tests;

/// <summary>The corpus says the same each time, contradicts itself nowhere and keeps what it holds out.</summary>
public sealed class CorpusTests
{
    private static readonly Conversation[] Corpus = [.. CorpusGenerator.Generate()];

    private static IEnumerable<Turn> Turns => Corpus.SelectMany(c => c.Turns);

    [Fact]
    public void A_seed_gives_one_corpus_and_another_seed_another()
    {
        static string[] First(int seed) => [.. CorpusGenerator.Generate(seed, 200).SelectMany(c => c.Turns).Select(t => t.User + t.Assistant)];
        Assert.Equal(CorpusGenerator.Count, Corpus.Length);
        Assert.Equal(First(5), First(5));
        Assert.NotEqual(First(5), First(6));
    }

    [Fact]
    public void No_slot_is_left_empty()
    {
        foreach (Turn turn in Turns)
            Assert.False(turn.User.AsSpan().ContainsAny('{', '}') || turn.Assistant.AsSpan().ContainsAny('{', '}') || turn.User.Length == 0 || turn.Assistant.Length == 0, $"{turn}");
    }

    [Fact]
    public void A_question_that_begins_a_conversation_has_one_answer()
    {
        Dictionary<string, string> answers = [];
        foreach (Turn turn in Corpus.Select(c => c.Turns[0]).Where(t => !IsStory(t)))
            if (!answers.TryAdd(turn.User.ToLowerInvariant(), turn.Assistant))
                Assert.Equal(answers[turn.User.ToLowerInvariant()], turn.Assistant);
        Assert.True(answers.Count > 10_000, $"{answers.Count} different questions");
    }

    [Fact]
    public void Sums_differences_and_products_are_right()
    {
        int checkedSums = 0;
        foreach (string[] words in Turns.Select(t => t.Assistant.TrimEnd('.').Split(' ')).Where(w => w is [_, "+" or "-" or "x", _, "=", _]))
        {
            int a = int.Parse(words[0]), b = int.Parse(words[2]);
            Assert.Equal(words[1] switch { "+" => a + b, "-" => a - b, _ => a * b }, int.Parse(words[4]));
            checkedSums++;
        }
        Assert.True(checkedSums > 5_000, $"{checkedSums}");
    }

    [Fact]
    public void Words_are_spelled_by_their_letters()
    {
        string[][] spelled = [.. Turns.Select(t => t.Assistant.TrimEnd('.').Split(' ')).Where(w => w is [_, "is", "spelled", _])];
        Assert.True(spelled.Length > 1_000, $"{spelled.Length}");
        Assert.All(spelled, w => Assert.Equal(w[0], w[3].Replace("-", "", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_story_has_its_hero_and_place_in_its_first_sentences_and_never_a_pair_that_is_held_out()
    {
        int stories = 0;
        foreach (string story in Turns.Where(IsStory).Select(t => t.Assistant))
        {
            string[] sentences = story.Split(". ");
            string hero = Cast.Heroes.Single(h => sentences[0].Contains($" {h} ", StringComparison.Ordinal)), place = Cast.Places.Single(p => sentences[1].EndsWith(p, StringComparison.Ordinal));
            Assert.False(Cast.IsHeldOut(hero, place), story);
            stories++;
        }
        Assert.True(stories > 10_000, $"{stories}");
    }

    [Fact]
    public void About_one_pair_in_eight_is_held_out()
    {
        int held = Cast.Heroes.Sum(h => Cast.Places.Count(p => Cast.IsHeldOut(h, p)));
        Assert.Equal(Cast.Heroes.Count * Cast.Places.Count / 8, held);
        Assert.Throws<ArgumentException>(() => Cast.IsHeldOut("teapot", Cast.Places[0]));
    }

    private static bool IsStory(Turn turn) => turn.Assistant.StartsWith("Once ", StringComparison.Ordinal) || turn.Assistant.StartsWith("There once ", StringComparison.Ordinal);
}
