using Tessera.Engine.Grammars.Syntax;

namespace Tessera.Engine.Grammars.Automaton;

/// <summary>Compiles rules to nodes, each part after what follows it.</summary>
internal sealed class GrammarCompiler
{
    private const int End = 0;

    private readonly GrammarText _text;
    private readonly List<Node> _nodes = [new(NodeKind.End, 0, 0)];
    private readonly List<ByteEdge> _edges = [];
    private readonly List<int> _targets = [];
    private readonly List<int> _starts = [];
    private readonly List<Rule> _owners = [];
    private readonly Dictionary<ByteEdge, int> _single = [];
    private int _size;
    private Rule _current;

    private GrammarCompiler(IReadOnlyList<Rule> rules, GrammarText text)
    {
        (_text, _current) = (text, rules[0]);
        foreach (Rule rule in rules)
        {
            _starts.Add(-1);
            _owners.Add(rule);
        }
    }

    /// <summary>Compiles a grammar's rules, of which the first is its root.</summary>
    /// <exception cref="GrammarException">They are too large, left-recursive, or match no text.</exception>
    public static GrammarAutomaton Compile(IReadOnlyList<Rule> rules, GrammarText text)
    {
        GrammarCompiler compiler = new(rules, text);
        for (int rule = 0; rule < rules.Count; rule++)
            compiler._starts[rule] = compiler.Rule(rules[rule]);
        GrammarAnalysis analysis = new([.. compiler._nodes], [.. compiler._edges], [.. compiler._targets], [.. compiler._starts]);
        if (analysis.LeftRecursion() is { } cycle)
        {
            // Parts that are rules of their own have the names of those that they are part of.
            List<Rule> owners = [.. cycle.Select(rule => compiler._owners[rule])];
            IEnumerable<string> names = owners.Where((owner, i) => i == 0 || i == owners.Count - 1 || owner != owners[i - 1] && owner != owners[^1]).Select(owner => owner.Name);
            throw text.Fail(owners[0].Place, $"rule '{owners[0].Name}' is left-recursive: {string.Join(" → ", names)}");
        }
        return analysis.Prune() ?? throw text.Fail(rules[0].Place, "rule 'root' matches no text");
    }

    private int Rule(Rule rule)
    {
        _current = rule;
        return Build(rule.Body!, End);
    }

    private int Build(Expression expression, int next)
    {
        Spend(1);
        switch (expression)
        {
            case CharacterClass set:
                List<Utf8Sequence> sequences = Utf8Sequences.Of(set.Ranges);
                return Characters(sequences, 0, sequences.Count, 0, next);
            case Chain chain:
                for (int i = chain.Parts.Length - 1; i >= 0; i--)
                    next = Build(chain.Parts[i], next);
                return next;
            case Choice choice:
                int[] parts = new int[choice.Parts.Length];
                for (int i = 0; i < parts.Length; i++)
                    parts[i] = Build(choice.Parts[i], next);
                return Either(parts);
            case Reference reference:
                return Add(new Node(NodeKind.Call, reference.Rule, next));
            default:
                return Repeat((Repetition)expression, next);
        }
    }

    private int Repeat(Repetition repetition, int next)
    {
        int least = repetition.Least, copies = Math.Max(least, repetition.Most ?? 1);
        Expression part = copies > 1 ? Shared(repetition.Part) : repetition.Part;
        int start = next;
        if (repetition.Most is { } most)
            for (int i = least; i < most; i++)
                start = Either(Build(part, start), next);
        else
        {
            int again = Add(default), body = Build(part, again);
            _nodes[again] = Targets(body, next);
            (start, least) = least == 0 ? (again, 0) : (body, least - 1);
        }
        for (int i = 0; i < least; i++)
            start = Build(part, start);
        return start;
    }

    /// <summary>A part that is written out several times: a rule of its own, unless it is as small as a call.</summary>
    private Expression Shared(Expression part)
    {
        if (part is Reference or CharacterClass { Ranges: [{ Last: < 0x80 }] })
            return part;
        int start = Build(part, End);
        _starts.Add(start);
        _owners.Add(_current);
        return new Reference(_starts.Count - 1);
    }

    /// <summary>The node that takes a character of some of the sequences, from one of their bytes on.</summary>
    private int Characters(List<Utf8Sequence> sequences, int from, int to, int index, int next)
    {
        List<ByteEdge> edges = [];
        for (int start = from, end; start < to; start = end)
        {
            (byte low, byte high) = sequences[start][index];
            for (end = start + 1; end < to && sequences[start].Length > index + 1 && sequences[end].Length > index + 1 && sequences[end][index] == (low, high);)
                end++;
            edges.Add(new ByteEdge(low, high, sequences[start].Length == index + 1 ? next : Characters(sequences, start, end, index + 1, next)));
        }
        Spend(edges.Count);
        if (edges.Count == 1 && _single.TryGetValue(edges[0], out int known))
            return known;
        int node = Add(new Node(NodeKind.Bytes, _edges.Count, edges.Count));
        _edges.AddRange(edges);
        if (edges.Count == 1)
            _single.Add(edges[0], node);
        return node;
    }

    private int Either(params ReadOnlySpan<int> targets) => Add(Targets(targets));

    private Node Targets(params ReadOnlySpan<int> targets)
    {
        Spend(targets.Length);
        Node node = new(NodeKind.Either, _targets.Count, targets.Length);
        _targets.AddRange(targets);
        return node;
    }

    private int Add(Node node)
    {
        _nodes.Add(node);
        return _nodes.Count - 1;
    }

    private void Spend(int size)
    {
        if ((_size += size) > GrammarLimits.Size)
            throw _text.Fail(_current.Place, $"rule '{_current.Name}': the grammar is too large: with repetitions written out, at most {GrammarLimits.Size} places are allowed");
    }
}
