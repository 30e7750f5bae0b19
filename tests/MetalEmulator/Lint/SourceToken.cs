namespace Tessera.MetalEmulator.Lint;

/// <summary>A word, a number or a punctuation mark of a source, with its line.</summary>
internal readonly record struct SourceToken(string Text, int Line)
{
    /// <summary>Splits a source; comments, strings and preprocessor lines are left out.</summary>
    public static List<SourceToken> Split(string source) => Split(source, file: null);

    /// <summary>Splits a preprocessed source and keeps what comes from one file.</summary>
    public static List<SourceToken> Split(string source, string? file)
    {
        List<SourceToken> tokens = [];
        int line = 1;
        bool keeps = file is null;
        for (int i = 0; i < source.Length;)
        {
            char c = source[i];
            if (c == '\n')
            {
                line++;
                i++;
            }
            else if (c == '#' && (tokens.Count == 0 || AtLineStart(source, i)))
                i = Directive(source, i, file, ref line, ref keeps);
            else if (c == '/' && i + 1 < source.Length && source[i + 1] is '/' or '*')
                i = Comment(source, i, ref line);
            else if (c is '"' or '\'')
                i = Quoted(source, i);
            else
                i = Word(source, i, tokens, line, keeps);
        }
        return tokens;
    }

    private static int Word(string source, int start, List<SourceToken> tokens, int line, bool keeps)
    {
        int end = start + 1;
        bool isWord = IsWord(source[start]);
        while (isWord && end < source.Length && (IsWord(source[end]) || (char.IsDigit(source[start]) && source[end] == '.')))
            end++;
        if (keeps && !char.IsWhiteSpace(source[start]))
            tokens.Add(new SourceToken(source[start..end], line));
        return end;
    }

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    private static bool AtLineStart(string source, int i)
    {
        while (--i >= 0 && source[i] is ' ' or '\t') { }
        return i < 0 || source[i] == '\n';
    }

    // A line mark, as `# 12 "file"`, says where the text behind it comes from; other directives are passed over with their continuations.
    private static int Directive(string source, int start, string? file, ref int line, ref bool keeps)
    {
        int end = start;
        while (end < source.Length && source[end] != '\n')
        {
            if (source[end] == '\\' && end + 1 < source.Length && source[end + 1] == '\n')
            {
                line++;
                end++;
            }
            end++;
        }
        string[] parts = source[start..end].Split(' ');
        if (file is not null && parts.Length >= 3 && int.TryParse(parts[1], out int marked))
        {
            line = marked - 1;
            keeps = parts[2] == $"\"{file}\"";
        }
        return end;
    }

    private static int Comment(string source, int start, ref int line)
    {
        bool isLine = source[start + 1] == '/';
        int end = source.IndexOf(isLine ? "\n" : "*/", start + 2, StringComparison.Ordinal);
        if (end < 0)
            return source.Length;
        line += source.AsSpan(start, end - start).Count('\n');
        return isLine ? end : end + 2;
    }

    private static int Quoted(string source, int start)
    {
        int end = start + 1;
        while (end < source.Length && source[end] != source[start] && source[end] != '\n')
            end += source[end] == '\\' ? 2 : 1;
        return end + 1;
    }
}
