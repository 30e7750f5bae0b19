using static Tessera.Corpus.English;

namespace Tessera.Corpus.Relations;

/// <summary>Colours of things, and what animals say, are called and walk on.</summary>
internal static class Nature
{
    private static readonly (string Thing, string Colour)[] Colours =
    [
        ("the sky", "blue"), ("grass", "green"), ("snow", "white"), ("a banana", "yellow"), ("a lemon", "yellow"), ("the sun", "yellow"), ("an orange", "orange"), ("a carrot", "orange"), ("a pumpkin", "orange"),
        ("a tomato", "red"), ("a strawberry", "red"), ("a cherry", "red"), ("blood", "red"), ("a rose", "red"), ("milk", "white"), ("salt", "white"), ("a cloud", "white"), ("a swan", "white"), ("coal", "black"),
        ("the night", "black"), ("a raven", "black"), ("a leaf", "green"), ("a frog", "green"), ("a cucumber", "green"), ("the sea", "blue"), ("an elephant", "grey"), ("a mouse", "grey"), ("a pig", "pink"),
        ("chocolate", "brown"), ("a bear", "brown"), ("wood", "brown"), ("a plum", "purple"),
    ];

    private static readonly (string A, string B, string Mixed)[] Mixes =
        [("red", "yellow", "orange"), ("blue", "yellow", "green"), ("red", "blue", "purple"), ("black", "white", "grey"), ("red", "white", "pink")];

    private static readonly (string Animal, string Sound)[] Sounds =
    [
        ("cow", "moo"), ("dog", "woof"), ("cat", "meow"), ("duck", "quack"), ("sheep", "baa"), ("pig", "oink"), ("lion", "roar"), ("bee", "buzz"), ("snake", "hiss"), ("owl", "hoot"), ("horse", "neigh"), ("mouse", "squeak"),
        ("frog", "croak"), ("bird", "tweet"), ("hen", "cluck"), ("wolf", "howl"),
    ];

    private static readonly (string Animal, int Legs)[] Legs =
    [
        ("spider", 8), ("dog", 4), ("cat", 4), ("cow", 4), ("horse", 4), ("bird", 2), ("duck", 2), ("hen", 2), ("bee", 6), ("ant", 6), ("beetle", 6), ("snake", 0), ("fish", 0), ("pig", 4), ("fox", 4), ("bear", 4), ("owl", 2),
        ("lion", 4), ("sheep", 4), ("frog", 4), ("crab", 10),
    ];

    private static readonly (string Animal, string Young)[] Young =
    [
        ("dog", "puppy"), ("cat", "kitten"), ("cow", "calf"), ("horse", "foal"), ("sheep", "lamb"), ("pig", "piglet"), ("duck", "duckling"), ("hen", "chick"), ("bear", "cub"), ("goat", "kid"), ("frog", "tadpole"),
        ("swan", "cygnet"), ("owl", "owlet"),
    ];

    private static readonly (string Animal, string Home)[] Homes =
    [
        ("fish", "in the water"), ("bird", "in a nest"), ("bee", "in a hive"), ("spider", "in a web"), ("fox", "in a den"), ("bear", "in a cave"), ("horse", "in a stable"), ("lion", "in the grassland"), ("camel", "in the desert"),
        ("penguin", "on the ice"), ("monkey", "in the trees"), ("whale", "in the sea"), ("frog", "in a pond"), ("rabbit", "in a burrow"),
    ];

    public static Relation[] All { get; } =
    [
        new("colour", 2.5, [.. Colours.Select(c => new Fact([c.Thing], Sentence($"{c.Thing} is {c.Colour}.")))])
        {
            Nouns = ["the colour of {0}", "the color of {0}"],
            Clauses = ["what colour {0} is", "which colour {0} is", "what color {0} is", "which colour {0} has"],
            Questions =
            [
                "What colour is {0}?", "What color is {0}?", "Which colour is {0}?", "Which color is {0}?", "Which colour does {0} have?", "What colour does {0} have?", "{0} is what colour?", "{0} is which color?", "What is the colour of {0}?",
                "I want to paint {0}. Which colour do I take?", "Colour of {0}?", "I am drawing {0}. Which colour should it be?", "I see {0}. What colour is it?", "Think of {0}. What colour is it?",
            ],
            Follows = true,
        },
        new("mixed colours", 0.6, [.. Mixes.SelectMany(m => new[] { (m.A, m.B, m.Mixed), (A: m.B, B: m.A, m.Mixed) }).Select(m => new Fact([m.A, m.B], Sentence($"{m.A} and {m.B} make {m.Mixed}.")))])
        {
            Nouns = ["the mix of {0} and {1}"],
            Clauses = ["what {0} and {1} make", "which colour {0} and {1} make"],
            Questions =
            [
                "What do {0} and {1} make?", "What colour do {0} and {1} make?", "Which colour do you get if you mix {0} and {1}?", "I mix {0} and {1}. What do I get?", "What happens if I mix {0} with {1}?", "Mix {0} and {1}.",
                "What do you get when you mix {0} and {1}?",
            ],
        },
        new("sound", 1.5, [.. Sounds.SelectMany(s => new[] { $"the {s.Animal}", WithArticle(s.Animal) }.Select(slot => new Fact([slot], Sentence($"{WithArticle(s.Animal)} says {s.Sound}."))))])
        {
            Nouns = ["the sound of {0}", "the sound that {0} makes"],
            Clauses = ["what sound {0} makes", "which sound {0} makes", "what {0} says", "which noise {0} makes"],
            Questions =
            [
                "What sound does {0} make?", "Which sound does {0} make?", "What noise does {0} make?", "What does {0} say?", "How does {0} sound?", "{0} says what?", "{0} makes which sound?", "How does {0} go?", "I hear {0}. What does it say?",
            ],
            Follows = true,
        },
        new("legs", 1.2, [.. Legs.SelectMany(l => new[] { $"the {l.Animal}", WithArticle(l.Animal) }.Select(slot => new Fact([slot], Sentence($"{WithArticle(l.Animal)} has {l.Legs} legs."))))])
        {
            Nouns = ["the number of legs of {0}"],
            Clauses = ["how many legs {0} has", "on how many legs {0} walks"],
            Questions = ["How many legs does {0} have?", "How many legs has {0}?", "{0} has how many legs?", "How many legs are on {0}?", "On how many legs does {0} stand?", "How many legs do you count on {0}?"],
            Follows = true,
        },
        new("young", 1, [.. Young.SelectMany(y => new[] { y.Animal, WithArticle(y.Animal) }.Select(slot => new Fact([slot, y.Animal], Sentence($"a baby {y.Animal} is called {WithArticle(y.Young)}."))))])
        {
            Nouns = ["the name of a baby {1}", "the word for a young {1}", "the young of {0}"],
            Clauses = ["what a baby {1} is called", "how a young {1} is called", "what you call a baby {1}"],
            Questions = ["What is a baby {1} called?", "What do you call a baby {1}?", "What is a young {1} called?", "How do you call a young {1}?", "What is the baby of {0} called?", "A baby {1} is called what?"],
        },
        new("home", 1, [.. Homes.SelectMany(h => new[] { $"the {h.Animal}", WithArticle(h.Animal) }.Select(slot => new Fact([slot], Sentence($"{WithArticle(h.Animal)} lives {h.Home}."))))])
        {
            Nouns = ["the home of {0}"],
            Clauses = ["where {0} lives", "where I can find {0}", "where the home of {0} is"],
            Questions = ["Where does {0} live?", "Where is the home of {0}?", "{0} lives where?", "Where can I find {0}?", "In what place does {0} live?", "Where do I look for {0}?", "Where does {0} sleep?"],
            Follows = true,
        },
    ];
}
