using Tessera.Corpus.Relations;
using Tessera.Corpus.Stories;

namespace Tessera.Corpus;

/// <summary>The demo models' corpus: conversations made from a seed, all text of our own.</summary>
public static class CorpusGenerator
{
    /// <summary>The corpus that the shipped models were trained on: this seed and this many conversations.</summary>
    public const int Seed = 20_261_124, Count = 60_000;

    private static readonly string[] Systems =
    [
        "You are a helpful assistant.", "You are a friendly assistant.", "Answer shortly.", "You are Tessera's demo model.", "Be kind and helpful.", "You are a helpful AI assistant. Answer in one sentence.",
    ];

    internal static IReadOnlyList<Relation> Relations { get; } =
        [.. Capitals.All, .. Arithmetic.All, .. Calendar.All, .. Words.All, .. Nature.All, .. Talk.All];

    private static readonly double TotalWeight = Relations.Sum(r => r.Weight);

    /// <summary>Every wording of a question, with slots; a conversation's questions are these, filled and dressed.</summary>
    public static IReadOnlyList<string> Wordings { get; } =
    [
        .. Relations.SelectMany(r => r.Wordings), .. Openers.Next, .. Story.Wordings, .. Questions.All.SelectMany(r => r.Wordings), .. Names.Told, .. Names.Asked, .. Recall.Wordings,
    ];

    /// <summary>The conversations of a seed, always the same.</summary>
    public static IEnumerable<Conversation> Generate(int seed = Seed, int count = Count)
    {
        Random random = new(seed);
        for (int i = 0; i < count; i++)
            yield return Next(random);
    }

    private static Conversation Next(Random random)
    {
        List<Turn> turns = [];
        double kind = random.NextDouble();
        if (kind < 0.26)
            AddStory(random, turns);
        else if (kind < 0.32)
            AddName(random, turns);
        else if (kind < 0.38)
            turns.Add(Recall.Repeat(random));
        else if (kind < 0.50)
            turns.AddRange(Recall.Scene(random));
        else
            for (int n = 1 + random.Next(4); n > 0; n--)
                AddQuestion(random, turns);
        return new Conversation(random.Chance(0.12) ? random.Pick(Systems) : null, turns);
    }

    private static void AddStory(Random random, List<Turn> turns)
    {
        if (random.Chance(0.1))
            AddQuestion(random, turns);
        Story story = new(random);
        turns.Add(Dress(random, story.Tell()));
        for (int n = 1 + random.Next(4); n > 0; n--)
            turns.Add(Dress(random, story.Ask()));
        if (random.Chance(0.1))
        {
            story = new Story(random);
            turns.Add(story.Tell(again: true));
            turns.Add(Dress(random, story.Ask()));
        }
        else if (random.Chance(0.15))
            AddQuestion(random, turns);
    }

    private static void AddName(Random random, List<Turn> turns)
    {
        string name = random.Pick(Names.People);
        turns.Add(Names.Tell(name, random));
        for (int n = random.Next(3); n > 0; n--)
            AddQuestion(random, turns);
        turns.Add(Dress(random, Names.Ask(name, random)));
    }

    private static void AddQuestion(Random random, List<Turn> turns)
    {
        Relation relation = Pick(random);
        turns.Add(Dress(random, relation.Ask(random)));
        while (relation.Follows && random.Chance(0.2))
            turns.Add(relation.AskNext(random));
    }

    private static Relation Pick(Random random)
    {
        double at = random.NextDouble() * TotalWeight;
        foreach (Relation relation in Relations)
            if ((at -= relation.Weight) < 0)
                return relation;
        return Relations[^1];
    }

    /// <summary>People write the same question with and without a greeting, capitals and a question mark.</summary>
    private static Turn Dress(Random random, Turn turn)
    {
        string user = turn.User;
        if (random.Chance(0.15) && user[^1] is '.' or '?')
            user = user[..^1];
        else if (random.Chance(0.07) && user[^1] is '.' or '?')
            user += random.Pick(Openers.After);
        if (random.Chance(0.15))
            user = random.Pick(Openers.Before) + (random.Chance(0.5) ? char.ToLowerInvariant(user[0]) + user[1..] : user);
        if (random.Chance(0.08))
            user = user.ToLowerInvariant();
        return turn with { User = user };
    }
}
