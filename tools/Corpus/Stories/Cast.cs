namespace Tessera.Corpus.Stories;

/// <summary>Who and what a story can be about.</summary>
public static class Cast
{
    /// <summary>Kinds of heroes.</summary>
    public static IReadOnlyList<string> Heroes { get; } =
    [
        "fox", "bear", "rabbit", "mouse", "cat", "dog", "owl", "frog", "hedgehog", "squirrel", "duck", "goat", "pig", "lion", "otter", "wolf", "robin", "badger", "girl", "boy", "robot", "dragon", "knight", "princess",
        "turtle", "penguin", "elephant", "monkey", "tiger", "horse", "sheep", "swan", "beaver", "mole", "crab", "parrot", "giant", "wizard", "sailor", "farmer",
    ];

    /// <summary>Where a story can happen.</summary>
    public static IReadOnlyList<string> Places { get; } =
    [
        "in the forest", "by the sea", "in a small village", "on a farm", "in the mountains", "by the river", "in a big city", "on an island", "in the desert", "in a castle", "near the lake", "in the garden", "in the snow",
        "on a ship", "in a quiet valley", "in the meadow", "under a bridge", "behind the mill", "at the market", "on a hill", "in a cave", "near the old tower", "by the pond", "in the jungle",
        "in a green wood", "on the beach", "in a tree house", "near the school", "in a windy field", "at the harbour", "in an old barn", "under the stars",
    ];

    /// <summary>The names of a story's hero, <see cref="HeroNames"/> of them, then those of the friend: a model this small, when both could have every name, gives the friend the hero's. They and the people's never meet.</summary>
    internal static readonly string[] Names =
    [
        "Finn", "Ruby", "Milo", "Luna", "Max", "Daisy", "Leo", "Bella", "Otto", "Lily", "Sam", "Rosie", "Toby", "Molly", "Hugo", "Poppy", "Charlie", "Lucy", "Bruno", "Ella", "Oliver", "Mia", "Theo", "Zoe", "Jasper", "Ivy",
    ];

    /// <summary>So many of the names are heroes'; an even number, as his and hers take turns.</summary>
    internal const int HeroNames = 14;

    internal static readonly string[] Moods = ["little", "brave", "kind", "clever", "shy", "happy", "curious", "gentle", "young", "cheerful"];

    internal static readonly string[] Colours = ["red", "blue", "green", "golden", "silver", "white", "yellow", "purple"];

    internal static readonly string[] Things =
        ["kite", "ball", "key", "hat", "boat", "lamp", "bell", "book", "map", "drum", "scarf", "stone", "shell", "basket", "flute", "box", "ring", "lantern", "feather", "coin"];

    internal static readonly string[] Foods = ["honey", "berries", "apples", "soup", "bread", "cake", "nuts", "pears"];

    /// <summary>Whether the corpus leaves this pair out, so that a test can ask for it.</summary>
    public static bool IsHeldOut(string hero, string place)
    {
        int h = IndexOf(Heroes, hero), p = IndexOf(Places, place);
        return (3 * h + p) % 8 == 5;
    }

    private static int IndexOf(IReadOnlyList<string> list, string value)
    {
        for (int i = 0; i < list.Count; i++)
            if (list[i] == value)
                return i;
        throw new ArgumentException($"'{value}' is not one of {string.Join(", ", list)}", nameof(value));
    }
}
