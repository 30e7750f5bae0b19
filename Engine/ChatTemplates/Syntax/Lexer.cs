namespace Tessera.Engine.ChatTemplates.Syntax;

/// <summary>Cuts a template into text and tags, with Jinja's whitespace control (trim_blocks and lstrip_blocks on, the last newline dropped).</summary>
/// <remarks>https://jinja.palletsprojects.com/en/stable/templates/#whitespace-control</remarks>
internal sealed class Lexer
{
    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _at;
    private int _line = 1;

    // The source up to _at ends a line, or is empty.
    private bool _atLineStart = true;

    private Lexer(string source)
    {
        string text = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        _source = text.EndsWith('\n') ? text[..^1] : text;
    }

    public static List<Token> Run(string source)
    {
        Lexer lexer = new(source);
        lexer.Run();
        return lexer._tokens;
    }

    private void Run()
    {
        while (_at < _source.Length)
        {
            int tag = FindTag(_at);
            if (tag < 0)
            {
                AddText(_source[_at..]);
                break;
            }

            char kind = _source[tag + 1];
            int after = tag + 2;
            char sign = after < _source.Length && _source[after] is '-' or '+' ? _source[after++] : '\0';
            AddText(Strip(_source[_at..tag], sign, isVariable: kind == '{'));
            Move(after);
            int tagLine = _line;
            if (kind == '#')
                Comment(tagLine);
            else if (kind == '%' && TryRaw(tagLine))
                continue;
            else
                Tag(kind == '{', tagLine);
        }

        _tokens.Add(new Token(TokenKind.End, "", _line));
    }

    private int FindTag(int from)
    {
        for (int i = from; i + 1 < _source.Length; i++)
        {
            int brace = _source.AsSpan(i).IndexOf('{');
            if (brace < 0)
                return -1;
            i += brace;
            if (i + 1 < _source.Length && _source[i + 1] is '{' or '%' or '#')
                return i;
        }

        return -1;
    }

    /// <summary>The text before a tag: '-' strips all space at its end; else a line's indentation goes, unless the tag prints or says '+'.</summary>
    private string Strip(string text, char sign, bool isVariable)
    {
        if (sign == '-')
            return text.AsSpan().TrimEnd(Spaces).ToString();
        if (sign == '+' || isVariable)
            return text;
        int lineStart = text.LastIndexOf('\n') + 1;
        if (lineStart == 0 && !_atLineStart)
            return text;
        return text.AsSpan(lineStart).Trim(Spaces).IsEmpty ? text[..lineStart] : text;
    }

    private void Comment(int line)
    {
        int end = _source.IndexOf("#}", _at, StringComparison.Ordinal);
        if (end < 0)
            SyntaxError.Throw(line, "a comment '{#' has no '#}'");
        char sign = end > _at && _source[end - 1] is '-' or '+' ? _source[end - 1] : '\0';
        Move(end + 2);
        AfterTag(sign, dropNewline: true);
    }

    private bool TryRaw(int line)
    {
        int name = SkipSpace(_at);
        if (!_source.AsSpan(name).StartsWith("raw"))
            return false;
        int end = SkipSpace(name + 3);
        char endSign = end < _source.Length && _source[end] == '-' ? _source[end++] : '\0';
        if (!_source.AsSpan(end).StartsWith("%}"))
            return false;
        Move(end + 2);
        AfterTag(endSign, dropNewline: false);

        for (int i = _at; (i = _source.IndexOf("{%", i, StringComparison.Ordinal)) >= 0; i += 2)
        {
            int word = i + 2;
            char sign = word < _source.Length && _source[word] is '-' or '+' ? _source[word++] : '\0';
            word = SkipSpace(word);
            if (!_source.AsSpan(word).StartsWith("endraw"))
                continue;
            int close = SkipSpace(word + 6);
            char closeSign = close < _source.Length && _source[close] is '-' or '+' ? _source[close++] : '\0';
            if (!_source.AsSpan(close).StartsWith("%}"))
                continue;
            AddText(Strip(_source[_at..i], sign, isVariable: false));
            Move(close + 2);
            AfterTag(closeSign, dropNewline: true);
            return true;
        }

        return SyntaxError.Throw<bool>(line, "a block '{% raw %}' has no '{% endraw %}'");
    }

    private void Tag(bool isVariable, int line)
    {
        _tokens.Add(new Token(isVariable ? TokenKind.VariableBegin : TokenKind.BlockBegin, isVariable ? "{{" : "{%", line));
        string close = isVariable ? "}}" : "%}";
        ExpressionLexer inner = new(_source, _at, _line, close, _tokens);
        inner.Run();
        (char sign, _line) = (inner.CloseSign, inner.Line);
        _tokens.Add(new Token(isVariable ? TokenKind.VariableEnd : TokenKind.BlockEnd, close, _line));
        _at = inner.Position;
        _atLineStart = false;
        AfterTag(sign, dropNewline: !isVariable);
    }

    private void AfterTag(char sign, bool dropNewline)
    {
        if (sign == '-')
            Move(SkipSpace(_at));
        else if (sign != '+' && dropNewline && _at < _source.Length && _source[_at] == '\n')
            Move(_at + 1);
    }

    private int SkipSpace(int from)
    {
        while (from < _source.Length && Spaces.Contains(_source[from]))
            from++;
        return from;
    }

    private void AddText(string text)
    {
        if (text.Length > 0)
            _tokens.Add(new Token(TokenKind.Text, text, _line));
    }

    private void Move(int to)
    {
        _line += _source.AsSpan(_at, to - _at).Count('\n');
        if (to > 0)
            _atLineStart = _source[to - 1] == '\n';
        _at = to;
    }

    /// <summary>What Python's regular expressions call white space.</summary>
    internal const string Spaces = " \t\n\r\f\v\u001c\u001d\u001e\u001f\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000";
}
