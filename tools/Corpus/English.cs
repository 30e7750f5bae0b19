using System.Globalization;

namespace Tessera.Corpus;

/// <summary>Small rules of spelling, and choices.</summary>
internal static class English
{
    private static readonly string[] Words =
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

    public static T Pick<T>(this Random random, IReadOnlyList<T> from) => from[random.Next(from.Count)];

    public static T Pick<T>(this Random random, IReadOnlyList<T> from, int firstOnes) => from[random.Next(firstOnes)];

    public static bool Chance(this Random random, double of) => random.NextDouble() < of;

    public static string Fill(string wording, params string[] slots)
    {
        for (int i = 0; i < slots.Length; i++)
            wording = wording.Replace($"{{{i}}}", slots[i], StringComparison.Ordinal);
        return wording;
    }

    /// <summary>With a capital in front.</summary>
    public static string Sentence(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];

    public static string WithArticle(string noun) => ("aeiou".Contains(noun[0], StringComparison.Ordinal) ? "an " : "a ") + noun;

    public static string Word(int number) => number < Words.Length ? Words[number] : number.ToString(CultureInfo.InvariantCulture);

    public static string Digits(int number) => number.ToString(CultureInfo.InvariantCulture);
}
