namespace Tessera.Corpus.Relations;

/// <summary>Days, months, seasons, and how many of one make another.</summary>
internal static class Calendar
{
    private static readonly string[] Days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

    private static readonly string[] Months =
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

    private static readonly string[] Ordinals = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"];

    private static readonly int[] Lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

    private static readonly string[] Seasons = ["spring", "summer", "autumn", "winter"];

    public static Relation[] All { get; } =
    [
        Next("day", "after", "follows", Days, 1, 1.2),
        Next("day", "before", "precedes", Days, -1, 1.2),
        Next("month", "after", "follows", Months, 1, 1.2),
        Next("month", "before", "precedes", Months, -1, 1.2),
        Next("season", "after", "follows", Seasons, 1, 0.4),
        new("tomorrow", 0.8, [.. Days.Select((d, i) => new Fact([d], $"If today is {d}, tomorrow is {Days[(i + 1) % 7]}."))])
        {
            Questions =
            [
                "Today is {0}. What day is tomorrow?", "If today is {0}, what day is tomorrow?", "It is {0} today. Which day is tomorrow?", "Today is {0}, so what is tomorrow?", "If it is {0} today, what is tomorrow?",
                "What day is tomorrow if today is {0}?", "What is tomorrow when today is {0}?",
            ],
        },
        new("yesterday", 0.8, [.. Days.Select((d, i) => new Fact([d], $"If today is {d}, yesterday was {Days[(i + 6) % 7]}."))])
        {
            Questions =
            [
                "Today is {0}. What day was yesterday?", "If today is {0}, what day was yesterday?", "It is {0} today. Which day was yesterday?", "Today is {0}, so what was yesterday?", "If it is {0} today, what was yesterday?",
                "What day was yesterday if today is {0}?", "What was yesterday when today is {0}?",
            ],
        },
        new("month by number", 1.2, [.. Months.Select((m, i) => new Fact([Ordinals[i]], $"The {Ordinals[i]} month is {m}."))])
        {
            Nouns = ["the {0} month", "the {0} month of the year", "the name of the {0} month"],
            Clauses = ["what the {0} month is", "which month is the {0}", "what the {0} month of the year is called", "which month comes {0} in the year"],
            Questions =
            [
                "Which month is the {0}?", "Which is the {0} month of the year?", "What is the {0} month of the year?", "What month is {0}?", "The {0} month is called what?", "Which month is the {0} of the year?",
                "How is the {0} month called?",
            ],
        },
        new("length of a month", 1.2, [.. Months.Select((m, i) => new Fact([m], $"{m} has {Lengths[i]} days."))])
        {
            Nouns = ["the number of days in {0}", "the length of {0}"],
            Clauses = ["how many days {0} has", "how many days are in {0}", "how long {0} is"],
            Questions = ["How many days has {0}?", "How many days are in {0}?", "How many days does {0} have?", "How long is {0}?", "How many days are there in {0}?", "{0} has how many days?"],
            Follows = true,
        },
        new("counts", 1.5, Counts())
        {
            Nouns = ["the number of {0} in {1}"],
            Clauses = ["how many {0} are in {1}", "how many {0} {1} has", "how many {0} there are in {1}"],
            Questions = ["How many {0} are in {1}?", "How many {0} are there in {1}?", "How many {0} does {1} have?", "How many {0} has {1}?", "How many {0} make {1}?", "{1} has how many {0}?"],
        },
        new("ends of the week", 0.5,
        [
            new(["first", "week"], "The first day of the week is Monday."), new(["last", "week"], "The last day of the week is Sunday."),
            new(["first", "weekend"], "The first day of the weekend is Saturday."), new(["last", "weekend"], "The last day of the weekend is Sunday."),
        ])
        {
            Nouns = ["the {0} day of the {1}"],
            Clauses = ["which day is the {0} of the {1}", "what the {0} day of the {1} is"],
            Questions = ["Which day is the {0} of the {1}?", "What is the {0} day of the {1}?", "Which day comes {0} in the {1}?"],
        },
    ];

    private static Relation Next(string unit, string side, string verb, string[] names, int step, double weight) =>
        new($"{unit} {side}", weight, [.. names.Select((n, i) => new Fact([n], English.Sentence($"{names[(i + step + names.Length) % names.Length]} comes {side} {n}.")))])
        {
            Nouns = [$"the {unit} {side} {{0}}", $"the {unit} that comes {side} {{0}}", $"the name of the {unit} {side} {{0}}"],
            Clauses = [$"which {unit} comes {side} {{0}}", $"what {unit} is {side} {{0}}", $"what comes {side} {{0}}", $"which {unit} {verb} {{0}}"],
            Questions =
            [
                $"What {unit} comes {side} {{0}}?", $"Which {unit} comes {side} {{0}}?", $"What {unit} is {side} {{0}}?", $"Which {unit} is {side} {{0}}?", $"What comes {side} {{0}}?", $"Which {unit} {verb} {{0}}?",
                $"What is the {unit} {side} {{0}}?", $"What {unit} {verb} {{0}}?", $"{English.Sentence(side)} which {(step > 0 ? "is" : "comes")} {{0}}: what is the {unit} {side} it?", $"What is {side} {{0}}?",
                $"What is right {side} {{0}}?", $"Which {unit} comes just {side} {{0}}?", $"The {unit} {side} {{0}} is", $"{English.Sentence(side)} {{0}} comes which {unit}?",
            ],
            Follows = true,
        };

    private static List<Fact> Counts()
    {
        (string Parts, string Whole, int Count)[] table =
        [
            ("days", "a week", 7), ("days", "a year", 365), ("months", "a year", 12), ("hours", "a day", 24), ("minutes", "an hour", 60), ("seconds", "a minute", 60), ("weeks", "a year", 52), ("seasons", "a year", 4),
            ("days", "a weekend", 2),
        ];
        return [.. table.Select(t => new Fact([t.Parts, t.Whole], $"There are {t.Count} {t.Parts} in {t.Whole}."))];
    }
}
