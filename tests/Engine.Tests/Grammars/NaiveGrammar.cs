using System.Text;

namespace Tessera.Engine.Tests.Grammars;

/// <summary>A random grammar with a matcher over characters that goes back and tries again; it shares nothing with the engine's.</summary>
internal sealed class NaiveGrammar
{
    public const string Alphabet = "abé😀";
    private static readonly Rune[] Runes = [.. Alphabet.EnumerateRunes()];
    private readonly Random _random;
    private readonly Part[] _rules;
    private Rune[] _text = [];

    public NaiveGrammar(int seed)
    {
        _random = new Random(seed);
        _rules = new Part[_random.Next(1, 5)];
        for (int i = 0; i < _rules.Length; i++)
            _rules[i] = Make(3);
    }

    private abstract record Part;
    private sealed record Set(bool Negated, Rune[] Of) : Part;
    private sealed record Row(Part[] Of) : Part;
    private sealed record Any(Part[] Of) : Part;
    private sealed record Times(Part Of, int Least, int Most) : Part;
    private sealed record Rule(int Index) : Part;

    private const int Endless = 1000;

    /// <summary>The grammar in GBNF.</summary>
    public string Text => string.Join('\n', _rules.Select((rule, i) => $"{Name(i)} ::= {Write(rule)}"));

    /// <summary>Whether every rule has a text that ends.</summary>
    public bool IsProductive
    {
        get
        {
            bool[] known = new bool[_rules.Length];
            for (int round = 0; round < known.Length; round++)
                for (int i = 0; i < known.Length; i++)
                    known[i] |= Ends(_rules[i]);
            return known.All(k => k);

            bool Ends(Part part) => part switch
            {
                Set => true,
                Row row => row.Of.All(Ends),
                Any any => any.Of.Any(Ends),
                Times times => times.Least == 0 || Ends(times.Of),
                Rule rule => known[rule.Index],
                _ => throw new InvalidOperationException(),
            };
        }
    }

    /// <summary>Whether a text is one of the grammar's, and whether one begins with it.</summary>
    public (bool Is, bool Begins) Match(string text)
    {
        _text = [.. text.EnumerateRunes()];
        HashSet<int> ends = [];
        Go(_rules[0], 0, end => ends.Add(end), [], 0);
        return (ends.Contains(_text.Length), ends.Contains(_text.Length) || ends.Contains(Beyond));
    }

    // Where the text has ended and more would have to come.
    private const int Beyond = int.MaxValue;

    /// <summary>Calls for every place where a part that begins at a place can end.</summary>
    private void Go(Part part, int at, Action<int> then, HashSet<(int, int)> open, int depth)
    {
        if (depth > 2000)
            throw new InvalidOperationException("left recursion");
        if (at == Beyond)
        {
            then(Beyond);
            return;
        }
        switch (part)
        {
            case Set set:
                if (at == _text.Length)
                    then(Beyond);
                else if (set.Of.Contains(_text[at]) != set.Negated)
                    then(at + 1);
                break;
            case Row row:
                GoRow(row.Of, 0, at, then, depth);
                break;
            case Any any:
                foreach (Part each in any.Of)
                    Go(each, at, then, open, depth + 1);
                break;
            case Times times:
                GoTimes(times, 0, at, then, depth);
                break;
            case Rule rule:
                Go(_rules[rule.Index], at, then, open, depth + 1);
                break;
        }
    }

    private void GoRow(Part[] parts, int index, int at, Action<int> then, int depth)
    {
        if (index == parts.Length || at == Beyond)
            then(at);
        else
            Distinct(parts[index], at, end => GoRow(parts, index + 1, end, then, depth + 1), depth);
    }

    private void GoTimes(Times times, int done, int at, Action<int> then, int depth)
    {
        if (done >= times.Least || at == Beyond)
            then(at);
        if (done == times.Most || at == Beyond)
            return;
        // A round that takes nothing is one that any later round could be.
        Distinct(times.Of, at, end =>
        {
            if (end > at)
                GoTimes(times, done + 1, end, then, depth + 1);
            else if (done < times.Least)
                then(at);
        }, depth);
    }

    private void Distinct(Part part, int at, Action<int> then, int depth)
    {
        HashSet<int> ends = [];
        Go(part, at, end => ends.Add(end), [], depth + 1);
        foreach (int end in ends)
            then(end);
    }

    private Part Make(int depth)
    {
        int kind = _random.Next(depth == 0 ? 3 : 10);
        return kind switch
        {
            0 or 1 => new Set(false, [Runes[_random.Next(Runes.Length)]]),
            2 => new Set(_random.Next(2) == 0, [.. Runes.Where(_ => _random.Next(2) == 0).DefaultIfEmpty(Runes[0])]),
            3 or 4 => new Row([.. Enumerable.Range(0, _random.Next(0, 4)).Select(_ => Make(depth - 1))]),
            5 or 6 => new Any([.. Enumerable.Range(0, _random.Next(2, 4)).Select(_ => Make(depth - 1))]),
            7 => new Times(Make(depth - 1), _random.Next(0, 3), Endless),
            8 => new Times(Make(depth - 1), _random.Next(0, 2), _random.Next(1, 4)),
            _ => new Rule(_random.Next(_rules.Length)),
        };
    }

    private static string Write(Part part) => part switch
    {
        Set { Negated: false, Of: [Rune one] } => $"\"{one}\"",
        Set set => $"[{(set.Negated ? "^" : "")}{string.Concat(set.Of)}]",
        Row row => $"({string.Join(' ', row.Of.Select(Write))})",
        Any any => $"({string.Join(" | ", any.Of.Select(Write))})",
        Times { Least: 0, Most: Endless } times => $"({Write(times.Of)})*",
        Times { Most: Endless } times => $"({Write(times.Of)}){{{times.Least},}}",
        Times { Least: 0, Most: 1 } times => $"({Write(times.Of)})?",
        Times times => $"({Write(times.Of)}){{{times.Least},{times.Most}}}",
        Rule rule => Name(rule.Index),
        _ => throw new InvalidOperationException(),
    };

    private static string Name(int index) => index == 0 ? "root" : $"r{index}";
}
