using static Tessera.Corpus.English;

namespace Tessera.Corpus.Relations;

/// <summary>Small sums, differences and products, and neighbours among the numbers.</summary>
internal static class Arithmetic
{
    private static readonly IEnumerable<(int A, int B)> Digit = from a in Enumerable.Range(0, 11) from b in Enumerable.Range(0, 11) select (a, b);

    public static Relation[] All { get; } =
    [
        new("sum", 4, Facts(Digit, '+', (a, b) => a + b))
        {
            Nouns = ["{0} + {1}", "{0} plus {1}", "the sum of {0} and {1}"],
            Clauses = ["what {0} + {1} is", "what {0} plus {1} is", "how much {0} and {1} are", "how much {0} plus {1} is"],
            Questions =
            [
                "What is {0} + {1}?", "What is {0} plus {1}?", "How much is {0} + {1}?", "How much is {0} plus {1}?", "{0} + {1} = ?", "{0}+{1}", "{0} + {1}", "{0} plus {1}?", "Add {0} and {1}.", "Add {1} to {0}.",
                "Calculate {0} + {1}.", "Work out {0} + {1}.", "What do {0} and {1} make?", "What do you get if you add {0} and {1}?", "If I add {0} and {1}, what do I get?", "What does {0} + {1} make?",
                "I have {0} apples and get {1} more. How many apples do I have?", "There are {0} birds and {1} more come. How many birds are there?", "Can you add {0} and {1}?", "{0} and {1} together is what?",
                "Sam has {0} books and buys {1} more. How many books has he?", "Please add {0} and {1}.", "What is the result of {0} plus {1}?", "Compute {0} plus {1}.", "Solve {0} + {1}.", "{0} plus {1} equals what?",
            ],
        },
        new("difference", 2.5, Facts(Digit.Where(p => p.A >= p.B), '-', (a, b) => a - b))
        {
            Nouns = ["{0} - {1}", "{0} minus {1}"],
            Clauses = ["what {0} - {1} is", "what {0} minus {1} is", "how much {0} minus {1} is"],
            Questions =
            [
                "What is {0} - {1}?", "What is {0} minus {1}?", "How much is {0} - {1}?", "How much is {0} minus {1}?", "{0} - {1} = ?", "{0}-{1}", "{0} - {1}", "{0} minus {1}?", "Take {1} from {0}.",
                "Subtract {1} from {0}.", "Calculate {0} - {1}.", "Work out {0} - {1}.", "What is left if you take {1} from {0}?", "If I take {1} from {0}, what is left?", "I have {0} apples and eat {1}. How many are left?",
                "There are {0} birds and {1} fly away. How many birds are left?", "Can you take {1} from {0}?", "Sam has {0} books and gives away {1}. How many books has he?", "Please subtract {1} from {0}.",
                "What is the result of {0} minus {1}?", "Compute {0} minus {1}.", "Solve {0} - {1}.", "{0} minus {1} equals what?",
            ],
        },
        new("product", 1, Facts(Digit.Where(p => p is { A: <= 5, B: <= 5 }), 'x', (a, b) => a * b))
        {
            Nouns = ["{0} x {1}", "{0} times {1}"],
            Clauses = ["what {0} times {1} is", "how much {0} times {1} is"],
            Questions =
            [
                "What is {0} x {1}?", "What is {0} times {1}?", "What is {0} * {1}?", "How much is {0} times {1}?", "{0} x {1} = ?", "{0} x {1}", "{0} times {1}?", "Multiply {0} by {1}.", "Calculate {0} x {1}.",
                "{0} multiplied by {1}?", "Please multiply {0} by {1}.", "Compute {0} times {1}.", "What do you get if you multiply {0} by {1}?", "{0} times {1} equals what?",
            ],
        },
        new("number after", 0.4, [.. Enumerable.Range(0, 20).Select(n => new Fact([Digits(n)], $"After {n} comes {n + 1}."))])
        {
            Nouns = ["the number after {0}"],
            Clauses = ["which number comes after {0}"],
            Questions = ["Which number comes after {0}?", "What comes after {0}?", "What number follows {0}?", "I count to {0}. What is next?", "What is the next number after {0}?"],
            Follows = true,
        },
    ];

    private static List<Fact> Facts(IEnumerable<(int A, int B)> pairs, char sign, Func<int, int, int> result)
    {
        List<Fact> facts = [];
        foreach ((int a, int b) in pairs)
        {
            string answer = $"{a} {sign} {b} = {result(a, b)}.";
            facts.Add(new([Digits(a), Digits(b)], answer));
            facts.Add(new([Digits(a), Digits(b)], answer));
            facts.Add(new([Word(a), Word(b)], answer));
        }
        return facts;
    }
}
