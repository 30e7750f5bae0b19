namespace Tessera.Corpus.Relations;

/// <summary>Countries and their capitals.</summary>
internal static class Capitals
{
    private static readonly (string Country, string City)[] Table =
    [
        ("France", "Paris"), ("Germany", "Berlin"), ("Italy", "Rome"), ("Spain", "Madrid"), ("Portugal", "Lisbon"), ("England", "London"), ("Ireland", "Dublin"), ("Norway", "Oslo"),
        ("Sweden", "Stockholm"), ("Denmark", "Copenhagen"), ("Finland", "Helsinki"), ("Poland", "Warsaw"), ("Austria", "Vienna"), ("Hungary", "Budapest"), ("Greece", "Athens"), ("Turkey", "Ankara"),
        ("Russia", "Moscow"), ("China", "Beijing"), ("Japan", "Tokyo"), ("India", "New Delhi"), ("Thailand", "Bangkok"), ("Vietnam", "Hanoi"), ("Egypt", "Cairo"), ("Kenya", "Nairobi"),
        ("Canada", "Ottawa"), ("Mexico", "Mexico City"), ("Cuba", "Havana"), ("Brazil", "Brasilia"), ("Peru", "Lima"), ("Chile", "Santiago"), ("Australia", "Canberra"), ("Iceland", "Reykjavik"),
        ("Belgium", "Brussels"), ("Ukraine", "Kyiv"), ("Romania", "Bucharest"), ("Argentina", "Buenos Aires"),
    ];

    public static Relation[] All { get; } =
    [
        new("capital of a country", 3, [.. Table.Select(t => new Fact([t.Country], $"The capital of {t.Country} is {t.City}."))])
        {
            Nouns = ["the capital of {0}", "the capital city of {0}", "{0}'s capital", "{0}'s capital city", "the name of the capital of {0}", "the name of {0}'s capital"],
            Clauses = ["what the capital of {0} is", "which city is the capital of {0}", "what {0}'s capital is called", "what the capital city of {0} is called", "which capital {0} has", "what {0}'s capital is"],
            Questions =
            [
                "What is the capital of {0}?", "Which city is the capital of {0}?", "What city is {0}'s capital?", "Capital of {0}?", "Which capital does {0} have?", "What is the capital of the country {0}?",
                "{0} has which capital?", "What capital city does {0} have?", "The capital of {0} is", "The capital of {0} is which city?", "Which city is {0}'s capital city?", "What do you call the capital of {0}?",
                "I am going to {0}. What is the capital?", "My friend lives in the capital of {0}. Which city is that?", "If I visit {0}, which city is the capital?", "I live in {0}. What is my capital?",
                "There is a country called {0}. What is its capital?", "Think of {0}. Which city is its capital?",
            ],
            Follows = true,
        },
        new("country of a capital", 1, [.. Table.Select(t => new Fact([t.City], $"{t.City} is the capital of {t.Country}."))])
        {
            Clauses = ["which country {0} is the capital of", "which country has {0} as its capital", "where {0} is"],
            Questions =
            [
                "{0} is the capital of which country?", "{0} is the capital of what?", "Which country has the capital {0}?", "Of which country is {0} the capital?", "In which country is {0}?", "Where is {0}?",
                "What country is {0} in?", "Which country is {0} the capital of?", "I am in {0}. Which country is that?",
            ],
            Follows = true,
        },
    ];
}
