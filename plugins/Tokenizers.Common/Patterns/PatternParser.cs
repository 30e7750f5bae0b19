using System.Globalization;

namespace Tessera.Tokenizers.Common.Patterns;

/// <summary>Reads a pattern in the syntax of <see href="https://github.com/kkos/oniguruma/blob/master/doc/RE">Oniguruma</see> (Ruby's), less captures that are referred to.</summary>
internal sealed partial class PatternParser
{
    private const int DeepestNesting = 100;
    private const int MostRepeats = 10_000;

    private readonly string _pattern;
    private readonly string _where;
    private int _at;
    private int _depth;
    private bool _ignoreCase;
    private bool _dotAll;
    private bool _extended;

    private PatternParser(string pattern, string where) => (_pattern, _where) = (pattern, where);

    /// <summary>Parses a pattern.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="where">What it belongs to, for error texts.</param>
    public static PatternNode Parse(string pattern, string where)
    {
        PatternParser parser = new(pattern, where);
        PatternNode node = parser.Alternatives();
        return parser._at == pattern.Length ? node : throw parser.Bad("an unexpected ')'");
    }

    private bool More => _at < _pattern.Length;

    private char Peek => _at < _pattern.Length ? _pattern[_at] : '\0';

    private ModelFormatException Bad(string what) => new($"{_where}: the pattern has {what} at character {_at}: {Shown}");

    private UnsupportedModelException Unsupported(string what) => new($"{_where}: the pattern uses {what} at character {_at}, which is not supported: {Shown}");

    private string Shown => _pattern.Length <= 200 ? _pattern : _pattern[..200] + "…";

    private bool Take(string text)
    {
        if (string.CompareOrdinal(_pattern, _at, text, 0, text.Length) != 0)
            return false;
        _at += text.Length;
        return true;
    }

    private PatternNode Alternatives()
    {
        if (++_depth > DeepestNesting)
            throw Bad($"groups nested deeper than {DeepestNesting}");
        (bool ignoreCase, bool dotAll, bool extended) = (_ignoreCase, _dotAll, _extended);
        List<PatternNode> parts = [Sequence()];
        while (Take("|"))
            parts.Add(Sequence());
        (_ignoreCase, _dotAll, _extended) = (ignoreCase, dotAll, extended);
        _depth--;
        return parts.Count == 1 ? parts[0] : new PatternNode.Either(parts);
    }

    private PatternNode Sequence()
    {
        List<PatternNode> parts = [];
        while (More && Peek is not ('|' or ')'))
        {
            if (_extended && Skipped())
                continue;
            PatternNode? atom = Atom();
            if (atom is not null)
                parts.Add(Quantified(atom));
        }
        return parts.Count == 1 ? parts[0] : new PatternNode.Row(parts);
    }

    private bool Skipped()
    {
        if (char.IsWhiteSpace(Peek))
        {
            _at++;
            return true;
        }
        if (Peek != '#')
            return false;
        int end = _pattern.IndexOf('\n', _at);
        _at = end < 0 ? _pattern.Length : end + 1;
        return true;
    }

    private PatternNode? Atom()
    {
        switch (Peek)
        {
            case '(':
                _at++;
                return Group();
            case '[':
                _at++;
                return One(Class());
            case '.':
                _at++;
                return One(_dotAll ? new InRanges(0, 0x10FFFF) : new Not(new InRanges('\n', '\n')));
            case '^':
                _at++;
                return new PatternNode.Place(PlaceKind.LineStart);
            case '$':
                _at++;
                return new PatternNode.Place(PlaceKind.LineEnd);
            case '*' or '+' or '?':
                throw Bad($"a '{Peek}' that repeats nothing");
            case '\\':
                return PlaceEscape() is { } place ? place : One(EscapeAlone());
            default:
                return One(Cased(new InRanges(Point(), Last)));
        }
    }

    // The last code point that was read by Point.
    private int Last { get; set; }

    private int Point()
    {
        if (!More)
            throw Bad("an end in the middle of something");
        bool pair = char.IsHighSurrogate(_pattern[_at]) && _at + 1 < _pattern.Length && char.IsLowSurrogate(_pattern[_at + 1]);
        Last = pair ? char.ConvertToUtf32(_pattern[_at], _pattern[_at + 1]) : _pattern[_at];
        _at += pair ? 2 : 1;
        return Last;
    }

    private PointTest Cased(PointTest test) => _ignoreCase ? new IgnoringCase(test) : test;

    private static PatternNode.One One(PointTest test) => new(new PointSet(test));

    private PatternNode Quantified(PatternNode atom)
    {
        while (true)
        {
            if (_extended && More && Skipped())
                continue;
            bool interval = false;
            (int least, int most) = (0, int.MaxValue);
            if (Take("*"))
                least = 0;
            else if (Take("+"))
                least = 1;
            else if (Take("?"))
                most = 1;
            else if (Peek == '{' && Interval() is { } given)
                ((least, most), interval) = (given, true);
            else
                return atom;
            if (++_quantifiers > MostRepeats)
                throw Bad($"more than {MostRepeats} quantifiers");
            bool lazy = Take("?");
            // In Ruby's syntax a plus behind an interval repeats it; behind the others it is possessive.
            bool possessive = !lazy && !interval && Take("+");
            atom = new PatternNode.Repeat(atom, least, most, lazy);
            if (possessive)
                atom = new PatternNode.Atomic(atom);
            if (++_chain > DeepestNesting)
                throw Bad($"more than {DeepestNesting} quantifiers of quantifiers");
            if (Peek is not ('*' or '+' or '?' or '{'))
                _chain = 0;
        }
    }

    private int _quantifiers;
    private int _chain;

    // Braces that are no interval are text.
    private (int, int)? Interval()
    {
        int close = _pattern.IndexOf('}', _at);
        if (close < 0 || close - _at > 12)
            return null;
        ReadOnlySpan<char> text = _pattern.AsSpan(_at + 1, close - _at - 1);
        int comma = text.IndexOf(',');
        ReadOnlySpan<char> first = comma < 0 ? text : text[..comma];
        ReadOnlySpan<char> second = comma < 0 ? text : text[(comma + 1)..];
        if (first.ContainsAnyExceptInRange('0', '9') || second.ContainsAnyExceptInRange('0', '9') || (first.IsEmpty && second.IsEmpty))
            return null;
        int least = first.IsEmpty ? 0 : int.Parse(first, CultureInfo.InvariantCulture);
        int most = second.IsEmpty ? int.MaxValue : int.Parse(second, CultureInfo.InvariantCulture);
        if (least > MostRepeats || (most != int.MaxValue && most > MostRepeats))
            throw Bad($"an interval of more than {MostRepeats}");
        if (least > most)
            throw Bad($"an interval from {least} to {most}");
        _at = close + 1;
        return (least, most);
    }
}
