using System.Globalization;
using System.Text;

namespace Tessera.Engine.Grammars.Syntax;

/// <summary>Reads a grammar's text: characters, escapes, names, numbers, and what stands between them.</summary>
internal sealed class GrammarText
{
    private readonly string _text;

    public GrammarText(string text)
    {
        _text = text;
        if (text.Length > GrammarLimits.Text)
            throw Fail(GrammarLimits.Text, $"the grammar has {text.Length} characters, at most {GrammarLimits.Text} are allowed");
    }

    /// <summary>Where reading is.</summary>
    public int Place { get; private set; }

    /// <summary>The next UTF-16 unit; '\0' at the end.</summary>
    public char Next => Place < _text.Length ? _text[Place] : '\0';

    public bool IsAtEnd => Place == _text.Length;

    /// <summary>Takes a text if it comes next.</summary>
    public bool TryTake(string expected)
    {
        if (!_text.AsSpan(Place).StartsWith(expected, StringComparison.Ordinal))
            return false;
        Place += expected.Length;
        return true;
    }

    /// <summary>Takes a text that has to come next.</summary>
    public void Take(string expected, string where)
    {
        if (!TryTake(expected))
            throw Unexpected($"'{expected}' {where}");
    }

    /// <summary>Passes blanks and comments over, and line ends where they do not count.</summary>
    public void SkipSpace(bool lines)
    {
        for (; Place < _text.Length; Place++)
        {
            if (Next == '#')
                while (Place < _text.Length && Next is not ('\r' or '\n'))
                    Place++;
            if (Place == _text.Length || !(Next is ' ' or '\t' || (lines && Next is '\r' or '\n')))
                return;
        }
    }

    /// <summary>Whether a rule's name comes next.</summary>
    public bool IsAtName => IsOfName(Next);

    /// <summary>A rule's name.</summary>
    public string Name()
    {
        int start = Place;
        while (IsOfName(Next))
            Place++;
        return start < Place ? _text[start..Place] : throw Unexpected("a rule's name (letters, digits, - and _)");
    }

    /// <summary>A number of repetitions.</summary>
    public int Count()
    {
        int start = Place, count = 0;
        for (; char.IsAsciiDigit(Next); Place++)
            if ((count = count * 10 + (Next - '0')) > GrammarLimits.Count)
                throw Fail(start, $"a repetition may count to {GrammarLimits.Count}");
        return start < Place ? count : throw Unexpected("a number");
    }

    /// <summary>A character of a literal or a class, escaped or not.</summary>
    /// <param name="of">What it is part of.</param>
    public int Character(string of)
    {
        if (IsAtEnd)
            throw Unexpected($"the end of {of}");
        if (Next == '\\')
            return Escape();
        if (Rune.DecodeFromUtf16(_text.AsSpan(Place), out Rune rune, out int length) != System.Buffers.OperationStatus.Done)
            throw Fail(Place, "an unpaired surrogate is no character");
        Place += length;
        return rune.Value;
    }

    /// <summary>What is wrong at a place.</summary>
    public GrammarException Fail(int place, string problem)
    {
        ReadOnlySpan<char> before = _text.AsSpan(0, Math.Min(place, _text.Length));
        return new GrammarException(problem, before.Count('\n') + 1, before.Length - before.LastIndexOf('\n'));
    }

    /// <summary>What comes next is not what has to.</summary>
    public GrammarException Unexpected(string expected) => Fail(Place, $"expected {expected}, found {Found()}");

    private int Escape()
    {
        int start = Place;
        Place++;
        char kind = Next;
        if (IsAtEnd)
            throw Unexpected("an escaped character");
        Place++;
        switch (kind)
        {
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case '\\' or '"' or '[' or ']' or '-': return kind;
            case 'x': return Hex(start, 2);
            case 'u': return Hex(start, 4);
            case 'U': return Hex(start, 8);
            default:
                Place--;
                throw Unexpected("one of n r t \\ \" [ ] - x u U after a backslash");
        }
    }

    private int Hex(int start, int digits)
    {
        if (Place + digits > _text.Length || !uint.TryParse(_text.AsSpan(Place, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint value))
            throw Unexpected($"{digits} hexadecimal digits");
        Place += digits;
        if (value > CharacterRange.Maximum || CharacterRange.IsSurrogate((int)value))
            throw Fail(start, $"{_text[start..Place]} is no character");
        return (int)value;
    }

    private string Found()
    {
        if (IsAtEnd)
            return "the end of the grammar";
        return Next switch
        {
            '\r' or '\n' => "the end of the line",
            '<' or '!' => $"'{Next}': references to tokens are not available",
            < ' ' => $"the character U+{(int)Next:X4}",
            _ => Rune.DecodeFromUtf16(_text.AsSpan(Place), out Rune rune, out _) == System.Buffers.OperationStatus.Done ? $"'{rune}'" : "an unpaired surrogate",
        };
    }

    private static bool IsOfName(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_';
}
