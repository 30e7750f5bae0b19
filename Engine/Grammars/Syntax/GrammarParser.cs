namespace Tessera.Engine.Grammars.Syntax;

/// <summary>Parses llama.cpp's GBNF (its grammars/README.md is the description).</summary>
internal sealed class GrammarParser
{
    private const string Root = "root";

    private readonly GrammarText _text;
    private readonly Dictionary<string, int> _indices = new(StringComparer.Ordinal);
    private readonly List<Rule> _rules = [];
    private int _depth;

    private GrammarParser(string text) => _text = new GrammarText(text);

    /// <summary>The rules of a text, <c>root</c> first; all that are named are defined.</summary>
    /// <exception cref="GrammarException">The text is no grammar.</exception>
    public static (IReadOnlyList<Rule> Rules, GrammarText Text) Parse(string text)
    {
        GrammarParser parser = new(text);
        parser.IndexOf(Root, text.Length);
        parser.ParseRules();
        foreach (Rule rule in parser._rules)
            if (rule.Body is null)
                throw parser._text.Fail(rule.Place, rule.Name == Root ? "expected a rule 'root', found none" : $"rule '{rule.Name}' is not defined");
        return (parser._rules, parser._text);
    }

    private void ParseRules()
    {
        _text.SkipSpace(lines: true);
        while (!_text.IsAtEnd)
        {
            int place = _text.Place;
            string name = _text.Name();
            Rule rule = _rules[IndexOf(name, place)];
            if (rule.Body is not null)
                throw _text.Fail(place, $"rule '{name}' is defined a second time");
            _text.SkipSpace(lines: false);
            _text.Take("::=", $"after the name '{name}'");
            _text.SkipSpace(lines: true);
            rule.Place = place;
            rule.Body = ParseChoice();
            if (!_text.IsAtEnd && _text.Next is not ('\r' or '\n'))
                throw _text.Unexpected("a literal, a class, a rule's name, '.', '(' or '|'");
            _text.SkipSpace(lines: true);
        }
    }

    private int IndexOf(string name, int place)
    {
        if (_indices.TryGetValue(name, out int index))
            return index;
        if (_rules.Count == GrammarLimits.Rules)
            throw _text.Fail(place, $"at most {GrammarLimits.Rules} rules are allowed");
        _rules.Add(new Rule(name, place));
        return _indices[name] = _rules.Count - 1;
    }

    private Expression ParseChoice()
    {
        List<Expression> parts = [ParseChain()];
        while (_text.TryTake("|"))
        {
            _text.SkipSpace(lines: true);
            parts.Add(ParseChain());
        }
        return parts.Count == 1 ? parts[0] : new Choice([.. parts]);
    }

    private Expression ParseChain()
    {
        List<Expression> parts = [];
        while (TryParseItem(parts))
        {
            _text.SkipSpace(lines: _depth > 0);
            ParseSigns(parts);
        }
        return parts.Count == 1 ? parts[0] : new Chain([.. parts]);
    }

    /// <summary>Adds the next item, if one comes.</summary>
    private bool TryParseItem(List<Expression> parts)
    {
        int place = _text.Place;
        if (_text.TryTake("\""))
            parts.Add(ParseLiteral());
        else if (_text.TryTake("["))
            parts.Add(ParseClass());
        else if (_text.TryTake("."))
            parts.Add(new CharacterClass(CharacterRange.All));
        else if (_text.TryTake("("))
            parts.Add(ParseGroup(place));
        else if (_text.IsAtName)
            parts.Add(new Reference(IndexOf(_text.Name(), place)));
        else
            return false;
        return true;
    }

    private Chain ParseLiteral()
    {
        List<Expression> characters = [];
        while (!_text.TryTake("\""))
        {
            int character = _text.Character("the literal: '\"'");
            characters.Add(new CharacterClass([new(character, character)]));
        }
        return new Chain([.. characters]);
    }

    private CharacterClass ParseClass()
    {
        const string Of = "the class: ']'";
        bool negated = _text.TryTake("^");
        if (_text.Next == ']')
            throw _text.Unexpected("a character in the class");
        List<CharacterRange> ranges = [];
        while (!_text.TryTake("]"))
        {
            int place = _text.Place, first = _text.Character(Of), last = first;
            if (_text.TryTake("-"))
            {
                if (_text.Next == ']')
                    ranges.Add(new('-', '-'));
                else if ((last = _text.Character(Of)) < first)
                    throw _text.Fail(place, "the class's range ends before it begins");
            }
            ranges.Add(new(first, last));
        }
        CharacterRange[] all = CharacterRange.Normalize(ranges);
        return new CharacterClass(negated ? CharacterRange.Negate(all) : all);
    }

    private Expression ParseGroup(int place)
    {
        if (++_depth > GrammarLimits.Depth)
            throw _text.Fail(place, $"groups may be nested {GrammarLimits.Depth} deep");
        _text.SkipSpace(lines: true);
        Expression group = ParseChoice();
        _text.Take(")", "at the end of the group");
        _depth--;
        return group;
    }

    /// <summary>Takes the repetition signs after an item.</summary>
    private void ParseSigns(List<Expression> parts)
    {
        for (int signs = 1; ; signs++)
        {
            int place = _text.Place;
            if (ParseSign(place) is not var (least, most))
                return;
            if (signs > GrammarLimits.Signs)
                throw _text.Fail(place, $"an item may have {GrammarLimits.Signs} repetition signs");
            parts[^1] = new Repetition(parts[^1], least, most);
            _text.SkipSpace(lines: _depth > 0);
        }
    }

    private (int Least, int? Most)? ParseSign(int place)
    {
        if (_text.TryTake("*"))
            return (0, null);
        if (_text.TryTake("+"))
            return (1, null);
        if (_text.TryTake("?"))
            return (0, 1);
        if (!_text.TryTake("{"))
            return null;
        _text.SkipSpace(lines: _depth > 0);
        int least = _text.Count();
        int? most = least;
        _text.SkipSpace(lines: _depth > 0);
        if (_text.TryTake(","))
        {
            _text.SkipSpace(lines: _depth > 0);
            most = _text.Next == '}' ? null : _text.Count();
            _text.SkipSpace(lines: _depth > 0);
        }
        _text.Take("}", "at the end of the repetition");
        return most < least ? throw _text.Fail(place, $"a repetition from {least} to {most} times") : (least, most);
    }
}
