namespace Tessera.Corpus.Relations;

/// <summary>Opposites and spelling.</summary>
internal static class Words
{
    private static readonly (string A, string B)[] Opposites =
    [
        ("hot", "cold"), ("big", "small"), ("tall", "short"), ("fast", "slow"), ("happy", "sad"), ("day", "night"), ("up", "down"), ("left", "right"), ("open", "closed"), ("old", "young"), ("light", "dark"),
        ("hard", "soft"), ("wet", "dry"), ("loud", "quiet"), ("rich", "poor"), ("full", "empty"), ("good", "bad"), ("clean", "dirty"), ("near", "far"), ("early", "late"), ("strong", "weak"),
        ("thick", "thin"), ("win", "lose"), ("buy", "sell"), ("push", "pull"), ("first", "last"), ("inside", "outside"), ("black", "white"), ("summer", "winter"), ("yes", "no"), ("begin", "end"), ("sweet", "sour"),
        ("brave", "afraid"), ("wide", "narrow"), ("always", "never"), ("give", "take"), ("love", "hate"),
    ];

    private static readonly string[] Spelled =
    [
        "fox", "cat", "dog", "cow", "pig", "hen", "bear", "bird", "fish", "frog", "goat", "duck", "lion", "wolf", "mouse", "horse", "sheep", "tiger", "tree", "leaf", "rain", "snow", "sun", "moon", "star", "sky", "sea",
        "hill", "lake", "road", "house", "door", "book", "cake", "milk", "apple", "bread", "water", "red", "blue", "green", "black", "white", "hat", "ball", "boat", "kite", "bell", "lamp", "map", "ship", "train", "friend",
        "happy", "small", "hello", "world", "night", "day", "king",
    ];

    public static Relation[] All { get; } =
    [
        new("opposite", 3, [.. Opposites.SelectMany(p => new[] { (p.A, p.B), (A: p.B, B: p.A) }).SelectMany(Quoted)])
        {
            Nouns = ["the opposite of {0}", "the opposite word of {0}", "the word that is the opposite of {0}", "the opposite for {0}"],
            Clauses = ["what the opposite of {0} is", "which word is the opposite of {0}", "what is the opposite of {0}"],
            Questions =
            [
                "What is the opposite of {0}?", "Which word is the opposite of {0}?", "Opposite of {0}?", "What word means the opposite of {0}?", "The opposite of {0} is", "{0} is the opposite of what?", "What is not {0}?",
                "If something is not {0}, what is it?", "Which word is opposite to {0}?", "What is opposite to {0}?", "Give me a word that means the opposite of {0}.", "{0} and its opposite?", "I say {0}, you say the opposite.",
                "Find the opposite of {0}.", "What would be the opposite of {0}?",
            ],
            Follows = true,
        },
        new("spelling", 2.5, [.. Spelled.SelectMany(w => Slots(w).Select(slot => new Fact([slot], $"{w} is spelled {string.Join('-', w.ToCharArray())}.")))])
        {
            Nouns = ["the spelling of {0}", "the letters of {0}"],
            Clauses = ["how to spell {0}", "how {0} is spelled", "how you spell {0}", "how I spell {0}", "how one writes {0}"],
            Questions =
            [
                "How do you spell {0}?", "Spell {0}.", "Please spell {0}.", "Can you spell {0}?", "How is {0} spelled?", "Spell the word {0}.", "How do I spell {0}?", "Could you spell {0} for me?", "Spell {0} for me.",
                "What are the letters of {0}?", "Which letters are in {0}?", "How is the word {0} spelled?", "How do you write {0}?", "Write {0} letter by letter.", "Spell out {0}.", "I want to spell {0}.", "How would you spell {0}?",
                "Can you spell the word {0}?", "Say {0} letter by letter.",
            ],
            Follows = true,
        },
    ];

    private static IEnumerable<Fact> Quoted((string A, string B) pair) => Slots(pair.A).Select(slot => new Fact([slot], $"The opposite of {pair.A} is {pair.B}."));

    private static string[] Slots(string word) => [word, word, $"\"{word}\"", $"'{word}'"];
}
