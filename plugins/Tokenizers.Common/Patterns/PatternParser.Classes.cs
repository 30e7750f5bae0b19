using System.Globalization;

namespace Tessera.Tokenizers.Common.Patterns;

internal sealed partial class PatternParser
{
    // Behind the opening bracket. Case folds before the negation.
    private PointTest Class()
    {
        if (++_depth > DeepestNesting)
            throw Bad($"classes nested deeper than {DeepestNesting}");
        bool negative = Take("^");
        PointTest? both = null;
        List<PointTest> members = [];
        List<int> ranges = [];
        for (bool first = true; ; first = false)
        {
            if (!More)
                throw Bad("a class without its ']'");
            if (Peek == ']' && !first)
                break;
            if (Take("&&"))
            {
                both = And(both, Union(members, ranges));
                (members, ranges) = ([], []);
                continue;
            }
            if (Take("[:"))
                members.Add(Bracket());
            else if (Take("["))
                members.Add(Class());
            else if (Member() is { } member)
                members.Add(member);
            else
                Range(ranges);
        }
        _at++;
        _depth--;
        PointTest all = Cased(And(both, Union(members, ranges)));
        return negative ? new Not(all) : all;
    }

    private static PointTest And(PointTest? left, PointTest right) => left is null ? right : new Both(left, right);

    private static PointTest Union(List<PointTest> members, List<int> ranges)
    {
        if (ranges.Count == 0)
            return members.Count == 1 ? members[0] : new AnyOf(members);
        (int First, int Last)[] sorted = [.. ranges.Chunk(2).Select(r => (r[0], r[1])).Order()];
        List<int> merged = [];
        foreach ((int first, int last) in sorted)
        {
            if (merged.Count > 0 && first <= merged[^1] + 1)
                merged[^1] = Math.Max(merged[^1], last);
            else
                merged.AddRange([first, last]);
        }
        InRanges inRanges = new([.. merged]);
        return members.Count == 0 ? inRanges : new AnyOf([inRanges, .. members]);
    }

    private void Range(List<int> ranges)
    {
        int first = Single(), last = first;
        if (Peek == '-' && _at + 1 < _pattern.Length && _pattern[_at + 1] is not (']' or '[')
            && !(_pattern[_at + 1] == '\\' && _at + 2 < _pattern.Length && IsSet(_pattern[_at + 2])))
        {
            _at++;
            last = Single();
            if (last < first)
                throw Bad($"a range from U+{first:X4} down to U+{last:X4}");
        }
        ranges.AddRange([first, last]);
    }

    private int Single()
    {
        if (Peek != '\\')
            return Point();
        _at++;
        return Take("b") ? '\b' : Character();
    }

    // An escape that stands for a set.
    private PointTest? Member() => Peek == '\\' && _at + 1 < _pattern.Length && IsSet(_pattern[_at + 1]) ? Escape() : null;

    private static bool IsSet(char c) => c is 's' or 'S' or 'd' or 'D' or 'w' or 'W' or 'h' or 'H' or 'p' or 'P';

    // At a backslash outside of brackets: case folds for characters, not for sets.
    private PointTest EscapeAlone()
    {
        if (_at + 1 < _pattern.Length && _pattern[_at + 1] is 'w' or 'W')
        {
            _at += 2;
            return _pattern[_at - 1] == 'w' ? PointSets.WordAlone : new Not(PointSets.WordAlone);
        }
        if (_at + 1 < _pattern.Length && IsSet(_pattern[_at + 1]))
            return Escape();
        _at++;
        int point = Character();
        return Cased(new InRanges(point, point));
    }

    // At the backslash of a set.
    private PointTest Escape()
    {
        _at++;
        char c = _pattern[_at++];
        PointTest set = char.ToLowerInvariant(c) switch
        {
            's' => PointSets.White,
            'd' => PointSets.Digit,
            'w' => PointSets.Word,
            'h' => PointSets.HexDigit,
            _ => Property(),
        };
        return char.IsUpper(c) ? new Not(set) : set;
    }

    private PointTest Property()
    {
        if (!Take("{"))
        {
            PointTest? letter = More ? PointSets.Find(_pattern.AsSpan(_at, 1)) : null;
            _at++;
            return letter ?? throw Unsupported("a property without braces");
        }
        bool negative = Take("^");
        int end = _pattern.IndexOf('}', _at);
        if (end < 0)
            throw Bad("a property without its '}'");
        PointTest set = PointSets.Find(_pattern.AsSpan(_at, end - _at)) ?? throw Unsupported($"the property '{_pattern[_at..Math.Min(end, _at + 40)]}'");
        _at = end + 1;
        return negative ? new Not(set) : set;
    }

    private PointTest Bracket()
    {
        bool negative = Take("^");
        int end = _pattern.IndexOf(":]", _at, StringComparison.Ordinal);
        if (end < 0)
            throw Bad("a bracket without its ':]'");
        PointTest set = PointSets.FindBracket(_pattern.AsSpan(_at, end - _at)) ?? throw Unsupported($"the bracket '[:{_pattern[_at..Math.Min(end, _at + 40)]}:]'");
        _at = end + 2;
        return negative ? new Not(set) : set;
    }

    // Behind a backslash: one code point.
    private int Character()
    {
        if (!More)
            throw Bad("a '\\' at its end");
        int point = Point();
        return point switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'f' => '\f',
            'v' => '\v',
            'a' => '\a',
            'e' => 0x1B,
            '0' => 0,
            'x' when Take("{") => Hex(8, true),
            'x' => Hex(2, false),
            'u' when Take("{") => Hex(8, true),
            'u' => Hex(4, false),
            (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '1' and <= '9') => throw Unsupported($"'\\{(char)point}'"),
            _ => point,
        };
    }

    private int Hex(int most, bool braces)
    {
        int start = _at;
        while (_at < _pattern.Length && _at - start < most && char.IsAsciiHexDigit(_pattern[_at]))
            _at++;
        if (_at == start || (!braces && most == 4 && _at - start < 4)
            || !int.TryParse(_pattern.AsSpan(start, _at - start), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int point) || point is < 0 or > 0x10FFFF)
            throw Bad("no code point");
        return !braces || Take("}") ? point : throw Bad("a code point without its '}'");
    }
}
