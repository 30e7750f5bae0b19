namespace Tessera.Corpus;

/// <summary>What fills a wording's slots {0}, {1}, and the answer that is always given.</summary>
public sealed record Fact(string[] Slots, string Answer);

/// <summary>Something that can be asked in many wordings: a list of facts, and phrases with slots for them.</summary>
/// <param name="name">What it is about.</param>
/// <param name="weight">How often it is asked, beside others.</param>
/// <param name="facts">What can be asked and answered.</param>
public sealed class Relation(string name, double weight, IReadOnlyList<Fact> facts)
{
    private IReadOnlyList<string>? _wordings;

    public string Name { get; } = name;

    public double Weight { get; } = weight;

    public IReadOnlyList<Fact> Facts { get; } = facts;

    /// <summary>Noun phrases, "the capital of {0}": every opener of <see cref="Openers.Nouns"/> may come before them.</summary>
    public string[] Nouns { get; init; } = [];

    /// <summary>Clauses, "which city is the capital of {0}": every opener of <see cref="Openers.Clauses"/> may come before them.</summary>
    public string[] Clauses { get; init; } = [];

    /// <summary>Whole questions.</summary>
    public string[] Questions { get; init; } = [];

    /// <summary>Whether "And {0}?" after a question of the same relation asks the same of another.</summary>
    public bool Follows { get; init; }

    /// <summary>Every wording, before it is filled and dressed.</summary>
    public IReadOnlyList<string> Wordings => _wordings ??=
    [
        .. Nouns.SelectMany(noun => Openers.Nouns.Select(opener => opener.Replace("*", noun, StringComparison.Ordinal))),
        .. Clauses.SelectMany(clause => Openers.Clauses.Select(opener => opener.Replace("*", clause, StringComparison.Ordinal))),
        .. Questions,
    ];

    /// <summary>A fact asked in some wording.</summary>
    public Turn Ask(Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        // The whole questions are few beside the composed ones: each group gets its share.
        int groups = (Nouns.Length > 0 ? 1 : 0) + (Clauses.Length > 0 ? 1 : 0);
        string wording = groups > 0 && random.NextDouble() < 0.45
            ? random.Pick(Wordings, Wordings.Count - Questions.Length)
            : Questions.Length > 0 ? random.Pick(Questions) : random.Pick(Wordings);
        return Ask(random.Pick(Facts), wording);
    }

    /// <summary>A fact asked in short, after another of the same relation.</summary>
    public Turn AskNext(Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return Ask(random.Pick(Facts), random.Pick(Openers.Next));
    }

    private static Turn Ask(Fact fact, string wording) => new(English.Sentence(English.Fill(wording, fact.Slots)), fact.Answer);
}
