using System.Buffers;
using System.Globalization;

namespace Tessera.Engine.ChatTemplates.Syntax;

/// <summary>Cuts the inside of one tag into names, literals and operators, up to its closing braces.</summary>
internal sealed class ExpressionLexer(string source, int position, int line, string close, List<Token> tokens)
{
    // Bounds what looking a name up can cost.
    private const int MaxNameChars = 255;

    private static readonly string[] Operators =
        ["//", "**", "==", "!=", ">=", "<=", "+", "-", "*", "/", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"];

    private static readonly SearchValues<char> SpaceChars = SearchValues.Create(Lexer.Spaces);
    private readonly Stack<char> _open = [];
    private readonly int _startLine = line;

    public int Position { get; private set; } = position;

    public int Line { get; private set; } = line;

    /// <summary>The whitespace sign before the closing braces, or '\0'.</summary>
    public char CloseSign { get; private set; }

    private char Current => Position < source.Length ? source[Position] : '\0';

    public void Run()
    {
        while (true)
        {
            if (Position >= source.Length)
                SyntaxError.Throw(_startLine, $"a tag has no '{close}'");
            if (TryClose())
                return;
            char c = Current;
            if (SpaceChars.Contains(c))
            {
                Line += c == '\n' ? 1 : 0;
                Position++;
            }
            else if (c is '\'' or '"')
                String(c);
            else if (char.IsAsciiDigit(c))
                Number();
            else if (c == '_' || char.IsLetterOrDigit(c) || char.IsSurrogate(c))
                Name();
            else
                Operator();
        }
    }

    private bool TryClose()
    {
        if (_open.Count > 0)
            return false;
        bool signed = Current == '-' || (Current == '+' && close == "%}");
        if (string.CompareOrdinal(source, Position + (signed ? 1 : 0), close, 0, 2) != 0)
            return false;
        CloseSign = signed ? Current : '\0';
        Position += signed ? 3 : 2;
        return true;
    }

    private void Name()
    {
        int start = Position;
        while (Current == '_' || char.IsLetterOrDigit(Current) || char.IsSurrogate(Current) || IsMark(Current))
            Position++;
        if (Position - start > MaxNameChars)
            SyntaxError.Throw(Line, $"a name has {Position - start} characters, at most {MaxNameChars} are allowed");
        Add(TokenKind.Name, source[start..Position]);
    }

    private static bool IsMark(char c) => c > 127 && char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    private void Number()
    {
        int start = Position;
        if (Current == '0' && Position + 2 < source.Length && char.ToLowerInvariant(source[Position + 1]) is 'x' or 'o' or 'b' && char.IsAsciiHexDigit(source[Position + 2]))
        {
            Position += 2;
            Digits(char.IsAsciiHexDigit);
            Add(TokenKind.Integer, source[start..Position].Replace("_", "", StringComparison.Ordinal));
            return;
        }

        Digits(char.IsAsciiDigit);
        bool isFloat = false;
        // After a dot a number is an index (x.1.2), never the start of a float.
        bool afterDot = start > 0 && source[start - 1] == '.';
        if (!afterDot && Current == '.' && Position + 1 < source.Length && char.IsAsciiDigit(source[Position + 1]))
        {
            isFloat = true;
            Position++;
            Digits(char.IsAsciiDigit);
        }

        if (!afterDot && Current is 'e' or 'E' && ExponentLength() is int length and > 0)
        {
            isFloat = true;
            Position += length;
            Digits(char.IsAsciiDigit);
        }

        string text = source[start..Position].Replace("_", "", StringComparison.Ordinal);
        if (!isFloat && text.Length > 1 && text[0] == '0' && text.AsSpan().Trim('0').Length > 0)
            SyntaxError.Throw(Line, $"the integer '{text}' starts with 0");
        Add(isFloat ? TokenKind.Float : TokenKind.Integer, text);
    }

    private int ExponentLength()
    {
        int sign = Position + 1 < source.Length && source[Position + 1] is '+' or '-' ? 1 : 0;
        int digit = Position + 1 + sign;
        return digit < source.Length && char.IsAsciiDigit(source[digit]) ? 1 + sign : 0;
    }

    private void Digits(Func<char, bool> isDigit)
    {
        while (isDigit(Current) || (Current == '_' && Position + 1 < source.Length && isDigit(source[Position + 1])))
            Position++;
    }

    private void String(char quote)
    {
        int start = ++Position;
        int startLine = Line;
        while (Current != quote || Position >= source.Length)
        {
            if (Position >= source.Length)
                SyntaxError.Throw(startLine, $"a string has no closing {quote}");
            if (Current == '\\')
                Position++;
            if (Current == '\n')
                Line++;
            Position++;
        }

        tokens.Add(new Token(TokenKind.String, StringEscapes.Decode(source.AsSpan(start, Position - start), startLine), startLine));
        Position++;
    }

    private void Operator()
    {
        foreach (string op in Operators)
        {
            if (string.CompareOrdinal(source, Position, op, 0, op.Length) != 0)
                continue;
            if (op is "(" or "[" or "{")
                _open.Push(op[0] == '(' ? ')' : op[0] == '[' ? ']' : '}');
            else if (op is ")" or "]" or "}" && (_open.Count == 0 || _open.Pop() != op[0]))
                SyntaxError.Throw(Line, $"'{op}' closes nothing");
            Position += op.Length;
            Add(TokenKind.Operator, op);
            return;
        }

        SyntaxError.Throw(Line, $"unexpected character '{Current}'");
    }

    private void Add(TokenKind kind, string text) => tokens.Add(new Token(kind, text, Line));
}
