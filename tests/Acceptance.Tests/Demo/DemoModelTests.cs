using System.Text.RegularExpressions;
using Tessera.Corpus;
using Tessera.Corpus.Stories;

namespace Tessera.Acceptance.Tests.Demo;

/// <summary>What the shipped demo model must do, greedily, through everything from its file to REST.</summary>
public sealed class DemoModelTests(DemoServer server) : IClassFixture<DemoServer>
{
    private const int MustBeRight = 20;

    [Fact]
    public async Task Of_24_questions_in_new_wordings_20_are_answered_rightly_and_each_answer_ends_by_itself()
    {
        List<string> wrong = [];
        foreach ((string question, string answer) in DemoQuestions.All)
        {
            DemoAnswer said = await server.AskAsync(question);
            if (!Regex.IsMatch(said.Text, $@"\b{Regex.Escape(answer)}\b", RegexOptions.CultureInvariant) || said.FinishReason != "stop")
                wrong.Add($"{question} -> {said}");
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{DemoQuestions.All.Length - wrong.Count} of {DemoQuestions.All.Length} right; wrong:\n{string.Join('\n', wrong)}");
        Assert.Equal(24, DemoQuestions.All.Length);
        Assert.True(DemoQuestions.All.Length - wrong.Count >= MustBeRight, string.Join('\n', wrong));
    }

    [Fact]
    public void The_corpus_has_none_of_the_questions()
    {
        Phrasebook phrasebook = new();
        // What it knows, it knows in any dress.
        Assert.True(phrasebook.Knows("What is the capital of Poland?"));
        Assert.True(phrasebook.Knows("hello! what is the capital of poland"));
        Assert.All(DemoQuestions.All, q => Assert.False(phrasebook.Knows(q.Question), q.Question));
        HashSet<string> asked = [.. CorpusGenerator.Generate().SelectMany(c => c.Turns).Select(t => t.User.ToLowerInvariant())];
        Assert.All(DemoQuestions.All, q => Assert.DoesNotContain(q.Question.ToLowerInvariant(), asked));
    }

    [Theory]
    [InlineData("fox", "in the garden")]
    [InlineData("knight", "by the sea")]
    [InlineData("owl", "on a farm")]
    public async Task A_story_has_five_sentences_keeps_its_hero_and_ends_by_itself(string hero, string place)
    {
        DemoAnswer story = await server.AskAsync($"Tell me a story about {Article(hero)} {hero} {place}.");
        AssertKeepsItsHero(story, hero, place);
    }

    public static TheoryData<string, string> HeldOut =>
        [.. Cast.Heroes.SelectMany(h => Cast.Places.Where(p => Cast.IsHeldOut(h, p)).Select(p => (h, p))).Where((_, i) => i % 12 == 0)];

    [Theory]
    [MemberData(nameof(HeldOut))]
    public async Task A_hero_and_a_place_that_the_corpus_never_pairs_make_a_story(string hero, string place)
    {
        DemoAnswer story = await server.AskAsync($"Tell me a story about {Article(hero)} {hero} {place}.");
        AssertKeepsItsHero(story, hero, place);
    }

    [Theory]
    [InlineData("bear", "by the river")]
    [InlineData("princess", "in a castle")]
    public async Task A_second_turn_refers_to_the_first(string hero, string place)
    {
        string request = $"Tell me a story about {Article(hero)} {hero} {place}.";
        string story = (await server.AskAsync(request)).Text, name = Name(story, hero);
        Assert.Contains($"{name} the {hero}", (await server.AskAsync(request, story, "Who was the story about?")).Text, StringComparison.Ordinal);
        Assert.Contains(place, (await server.AskAsync(request, story, $"Where did {name} live?")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_the_first_turn_tells_is_known_in_the_second()
    {
        const string Told = "My name is Clara.";
        DemoAnswer greeting = await server.AskAsync(Told), name = await server.AskAsync(Told, greeting.Text, "What is my name?");
        Assert.Contains("Clara", name.Text, StringComparison.Ordinal);
    }

    private static void AssertKeepsItsHero(DemoAnswer story, string hero, string place)
    {
        Assert.Equal("stop", story.FinishReason);
        Assert.True(story.Sentences.Count >= 5, story.Text);
        string name = Name(story.Text, hero);
        Assert.Contains(place, story.Text, StringComparison.Ordinal);
        Assert.True(story.Sentences.Count(s => Regex.IsMatch(s, $@"\b{name}\b")) >= 3, story.Text);
        Assert.DoesNotContain(Cast.Heroes.Where(h => h != hero), other => story.Text.Contains($"{name} the {other}", StringComparison.Ordinal));
    }

    /// <summary>The hero's name, which the first sentence says with the hero's kind.</summary>
    private static string Name(string story, string hero)
    {
        Match name = Regex.Match(story, $@"^[^.]*\b{hero}\b (?:named|called|whose name was) (\w+)\.");
        Assert.True(name.Success, story);
        return name.Groups[1].Value;
    }

    private static string Article(string noun) => "aeiou".Contains(noun[0], StringComparison.Ordinal) ? "an" : "a";
}
