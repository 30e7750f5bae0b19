namespace Tessera.Tokenizers.Common.Patterns;

internal sealed partial class PatternParser
{
    // Behind the opening parenthesis. Null for what changes options alone.
    private PatternNode? Group()
    {
        if (!Take("?"))
            return Close(Alternatives());
        if (Take("#"))
        {
            int end = _pattern.IndexOf(')', _at);
            _at = end < 0 ? throw Bad("a comment without an end") : end + 1;
            return null;
        }
        if (Take(":"))
            return Close(Alternatives());
        if (Take(">"))
            return new PatternNode.Atomic(Close(Alternatives()));
        if (Take("="))
            return new PatternNode.Look(Close(Alternatives()), false, false);
        if (Take("!"))
            return new PatternNode.Look(Close(Alternatives()), false, true);
        if (Take("<="))
            return Behind(Close(Alternatives()), false);
        if (Take("<!"))
            return Behind(Close(Alternatives()), true);
        if (Peek is '<' or '\'' or 'P')
        {
            _at += Peek == 'P' ? 2 : 1;
            int end = _pattern.AsSpan(Math.Min(_at, _pattern.Length)).IndexOfAny('>', '\'');
            if (end < 1)
                throw Bad("a group name without an end");
            _at += end + 1;
            return Close(Alternatives());
        }
        return Options();
    }

    private PatternNode? Options()
    {
        (bool ignoreCase, bool dotAll, bool extended) before = (_ignoreCase, _dotAll, _extended);
        for (bool on = true; ; _at++)
        {
            switch (Peek)
            {
                case '-':
                    on = false;
                    continue;
                case 'i':
                    _ignoreCase = on;
                    continue;
                case 'm':
                    _dotAll = on;
                    continue;
                case 'x':
                    _extended = on;
                    continue;
                case ')':
                    // To the end of the group around it, its further alternatives included.
                    _at++;
                    PatternNode rest = Alternatives();
                    (_ignoreCase, _dotAll, _extended) = before;
                    return rest;
                case ':':
                    _at++;
                    PatternNode inside = Close(Alternatives());
                    (_ignoreCase, _dotAll, _extended) = before;
                    return inside;
                default:
                    throw Unsupported($"the group '(?{Peek}'");
            }
        }
    }

    private PatternNode Close(PatternNode node) => Take(")") ? node : throw Bad("a group without its ')'");

    private PatternNode Behind(PatternNode node, bool negative)
    {
        if (node is PatternNode.Either either)
        {
            List<PatternNode> looks = [.. either.Parts.Select(p => Behind(p, negative))];
            return negative ? new PatternNode.Row(looks) : new PatternNode.Either(looks);
        }
        return node.Length.Least == node.Length.Most && node.Length.Most < int.MaxValue
            ? new PatternNode.Look(node, true, negative)
            : throw Unsupported("a look-behind of no fixed length");
    }

    private PatternNode.Place? PlaceEscape()
    {
        PlaceKind? kind = _at + 1 < _pattern.Length ? _pattern[_at + 1] switch
        {
            'A' => PlaceKind.TextStart,
            'z' => PlaceKind.TextEnd,
            'Z' => PlaceKind.LastLineEnd,
            'b' => PlaceKind.WordEdge,
            'B' => PlaceKind.NoWordEdge,
            'G' or 'K' or 'R' or 'X' or 'N' or 'O' or 'k' or 'g' or (>= '1' and <= '9') => throw Unsupported($"'\\{_pattern[_at + 1]}'"),
            _ => null,
        } : throw Bad("a '\\' at its end");
        if (kind is null)
            return null;
        _at += 2;
        return new PatternNode.Place(kind.Value);
    }
}
