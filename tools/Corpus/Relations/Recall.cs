using Tessera.Corpus.Stories;

namespace Tessera.Corpus.Relations;

/// <summary>Saying again what was just said: words in their order, and who lives where and has what.</summary>
internal sealed class Recall
{
    public static readonly string[] Repeats =
    [
        "Repeat: {0}.", "Repeat after me: {0}.", "Please repeat: {0}.", "Say after me: {0}.", "Say this: {0}.", "Write this: {0}.", "Can you repeat this: {0}?", "Say these words: {0}.", "Repeat these words: {0}.", "Copy this: {0}.",
    ];

    /// <summary>{0} is a name, {1} what it has.</summary>
    public static readonly string[] Homes = ["Where does {0} live?", "And where does {0} live?", "Tell me where {0} lives.", "Where is {0}'s home?"];

    public static readonly string[] Havings = ["What does {0} have?", "And what does {0} have?", "Tell me what {0} has.", "What is {0}'s?", "Which thing does {0} have?"];

    public static readonly string[] Owners = ["Who has the {1}?", "And who has the {1}?", "Whose is the {1}?", "Tell me who has the {1}.", "Who owns the {1}?"];

    public static readonly string[] Kinds = ["What is {0}?", "What kind of animal or person is {0}?", "And what is {0}?", "Tell me what {0} is."];

    private static readonly string[][] Pools = [Cast.Names, Cast.Colours, Cast.Things, Cast.Foods, Cast.Moods, [.. Cast.Heroes], Names.People];

    private readonly Random _random;
    private readonly Person[] _people;

    private Recall(Random random)
    {
        _random = random;
        _people = new Person[2 + random.Next(2)];
        for (int i = 0; i < _people.Length; i++)
            do
                _people[i] = new Person(random.Pick(Cast.Names), random.Pick(Cast.Heroes), random.Pick(Cast.Places), $"{random.Pick(Cast.Colours)} {random.Pick(Cast.Things)}");
            while (Cast.IsHeldOut(_people[i].Kind, _people[i].Place) || _people.Take(i).Any(p => p.Shares(_people[i])));
    }

    /// <summary>Every wording: {0} is a name or words, {1} a thing.</summary>
    public static IEnumerable<string> Wordings => [.. Repeats, .. Homes, .. Havings, .. Owners, .. Kinds];

    /// <summary>Some words, said again.</summary>
    public static Turn Repeat(Random random)
    {
        string[] pool = random.Pick(Pools);
        string words = string.Join(random.Chance(0.5) ? ", " : " ", Enumerable.Range(0, 2 + random.Next(6)).Select(_ => random.Pick(pool)));
        return new Turn(English.Fill(random.Pick(Repeats), words), English.Sentence(words) + ".");
    }

    /// <summary>A few people and what is known of them, then questions.</summary>
    public static IEnumerable<Turn> Scene(Random random)
    {
        Recall scene = new(random);
        string told = string.Join(' ', scene._people.Select(scene.Tell));
        Turn first = scene.Ask();
        yield return first with { User = $"{told} {first.User}" };
        for (int n = random.Next(3); n > 0; n--)
            yield return scene.Ask();
    }

    private string Tell(Person person) => _random.Next(4) switch
    {
        0 => $"{person.Name} the {person.Kind} lives {person.Place} and has {English.WithArticle(person.Thing)}.",
        1 => $"There is {English.WithArticle(person.Kind)} named {person.Name} {person.Place}, who has {English.WithArticle(person.Thing)}.",
        2 => $"{person.Name} is {English.WithArticle(person.Kind)}. {person.Name} lives {person.Place}. {person.Name} has {English.WithArticle(person.Thing)}.",
        _ => $"{person.Name} has {English.WithArticle(person.Thing)}. {person.Name} the {person.Kind} lives {person.Place}.",
    };

    private Turn Ask()
    {
        Person of = _random.Pick(_people);
        (string[] wordings, string answer) = _random.Next(4) switch
        {
            0 => (Homes, $"{of.Name} lives {of.Place}."),
            1 => (Havings, $"{of.Name} has {English.WithArticle(of.Thing)}."),
            2 => (Owners, $"{of.Name} the {of.Kind} has the {of.Thing}."),
            _ => (Kinds, $"{of.Name} is {English.WithArticle(of.Kind)}."),
        };
        return new Turn(English.Fill(_random.Pick(wordings), of.Name, of.Thing), answer);
    }

    private sealed record Person(string Name, string Kind, string Place, string Thing)
    {
        public bool Shares(Person other) => Name == other.Name || Kind == other.Kind || Place == other.Place || Thing == other.Thing;
    }
}
