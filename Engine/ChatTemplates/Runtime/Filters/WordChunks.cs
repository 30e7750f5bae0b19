using Tessera.Engine.ChatTemplates.Runtime.Text;

namespace Tessera.Engine.ChatTemplates.Runtime.Filters;

/// <summary>Cuts a line where it may be broken: around spaces, behind the hyphens inside words, around dashes.</summary>
internal static class WordChunks
{
    private const string Spaces = " \t\n\v\f\r", Punctuation = "!\"'&.,?";

    /// <summary>Where the piece ends that starts here: a run of spaces, a dash of several hyphens between words, a word or a part of one up to its hyphen.</summary>
    /// <param name="line">The line.</param>
    /// <param name="start">The start, which is another piece's end.</param>
    /// <param name="atHyphens">Whether hyphens end a piece too.</param>
    public static int End(string line, int start, bool atHyphens)
    {
        if (Spaces.Contains(line[start]))
            return Run(line, start, static c => Spaces.Contains(c));
        if (!atHyphens)
            return Run(line, start, static c => !Spaces.Contains(c));
        if (StartsDash(line, start))
            return Run(line, start, static c => c == '-');
        for (int at = start + 1; at < line.Length; at++)
            if (Spaces.Contains(line[at]) || StartsDash(line, at))
                return at;
            else if (line[at] == '-' && IsInsideWord(line, at))
                return at + 1;
        return line.Length;
    }

    private static int Run(string line, int start, Func<char, bool> belongs)
    {
        int end = start + 1;
        while (end < line.Length && belongs(line[end]))
            end++;
        return end;
    }

    // Two hyphens or more, behind a word and before another.
    private static bool StartsDash(string line, int at)
    {
        if (line[at] != '-' || at == 0 || !EndsWord(line, at - 1) || at + 1 == line.Length || line[at + 1] != '-')
            return false;
        int end = Run(line, at, static c => c == '-');
        return end < line.Length && WordCharacters.Has(line, end);
    }

    // Behind two letters, or a letter, a hyphen and one more character; before two letters, which may have a hyphen between them.
    private static bool IsInsideWord(string line, int at)
    {
        bool isBehind = at >= 2 && ((IsLetter(line, at - 1) && IsLetter(line, at - 2)) || (at >= 3 && EndsWord(line, at - 1) && line[at - 2] == '-' && IsLetter(line, at - 3)));
        return isBehind && IsLetter(line, at + 1) && (IsLetter(line, at + 2) || (at + 2 < line.Length && line[at + 2] == '-' && IsLetter(line, at + 3)));
    }

    private static bool IsLetter(string line, int at) => at < line.Length && WordCharacters.HasLetter(line, at);

    private static bool EndsWord(string line, int at) => Punctuation.Contains(line[at]) || WordCharacters.Has(line, at);
}
