namespace Tessera.Corpus.Relations;

/// <summary>The user's own name, told in one turn and asked for in a later one.</summary>
internal static class Names
{
    public static readonly string[] People =
    [
        "Anna", "Ben", "Clara", "David", "Emma", "Felix", "Grace", "Henry", "Ida", "Jack", "Karl", "Lena", "Mark", "Nora", "Oscar", "Paula", "Robert", "Sarah", "Tom", "Vera", "Will", "Maria", "Peter", "Julia", "Simon", "Alice",
    ];

    public static readonly string[] Told =
    [
        "My name is {0}.", "I am {0}.", "I'm {0}.", "Hello, my name is {0}.", "Hi, I am {0}.", "You can call me {0}.", "Call me {0}.", "Hello! I'm {0}.", "They call me {0}.", "Please remember my name: {0}.", "My friends call me {0}.",
    ];

    public static readonly string[] Asked =
    [
        "What is my name?", "What's my name?", "Who am I?", "Do you know my name?", "Tell me my name.", "Do you remember my name?", "Say my name.", "What am I called?", "Can you tell me my name?", "And what is my name?",
        "Please say my name.", "Do you still know my name?", "Remember my name?", "How am I called?",
    ];

    public static Turn Tell(string name, Random random) => new(English.Fill(random.Pick(Told), name), $"Hello, {name}! How can I help you?");

    public static Turn Ask(string name, Random random) => new(random.Pick(Asked), $"Your name is {name}.");
}
