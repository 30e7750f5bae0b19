namespace Tessera.Acceptance.Tests.Demo;

/// <summary>Questions in wordings that the corpus does not have, and what a right answer holds.</summary>
internal static class DemoQuestions
{
    public static readonly (string Question, string Answer)[] All =
    [
        ("Which town is Poland governed from, I mean its capital?", "Warsaw"),
        ("Kindly tell me Japan's capital city.", "Tokyo"),
        ("Let us talk about Italy: the capital, please?", "Rome"),
        ("For a quiz I need the capital of Greece.", "Athens"),
        ("When I add 3 and 5, what is the sum?", "8"),
        ("Please do this sum: 6 plus 4.", "10"),
        ("May I hear what 8 minus 3 gives?", "5"),
        ("What is the answer to 9 - 2, please?", "7"),
        ("Kindly name the day after Monday.", "Tuesday"),
        ("I keep forgetting which month comes after March.", "April"),
        ("How many days, would you say, are in January?", "31"),
        ("Do you remember what day comes before Friday?", "Thursday"),
        ("In school they want the opposite of big.", "small"),
        ("What word is the opposite of wet, do you think?", "dry"),
        ("Would you kindly spell the word moon?", "m-o-o-n"),
        ("Can you please spell lamp?", "l-a-m-p"),
        ("What might be the colour of a lemon?", "yellow"),
        ("Would you say what colour the sky is?", "blue"),
        ("I would love to know what sound a dog makes.", "woof"),
        ("Do you happen to know how many legs a bee has?", "6"),
        ("Would you please introduce yourself to me?", "demo model"),
        ("What are some things that you can do?", "stories"),
        ("Do you think it will rain tomorrow?", "sorry"),
        ("Can you tell me who won the match last night?", "sorry"),
    ];
}
