namespace Tessera.Tokenizers.Common.Splitting;

/// <summary>The pieces that most patterns are made of.</summary>
internal static class Scan
{
    /// <summary>The end of the run of some classes that starts here.</summary>
    public static int Run(CodePoints text, int at, int end, CharClass classes)
    {
        while (at < end && text.Is(at, classes))
            at++;
        return at;
    }

    /// <summary>The end of the run of anything but some classes.</summary>
    public static int RunWithout(CodePoints text, int at, int end, CharClass classes)
    {
        while (at < end && !text.Is(at, classes))
            at++;
        return at;
    }

    /// <summary>Whether a spelling stands here.</summary>
    public static bool Starts(CodePoints text, int at, int end, string spelling)
    {
        if (end - at < spelling.Length)
            return false;
        for (int i = 0; i < spelling.Length; i++)
            if (text[at + i] != spelling[i])
                return false;
        return true;
    }

    /// <summary><c>'s|'t|'re|'ve|'m|'ll|'d</c>: the end, or <paramref name="at"/> where there is none.</summary>
    public static int Contraction(CodePoints text, int at, int end, bool ignoreCase, bool longS = false)
    {
        if (at + 1 >= end || text[at] != '\'')
            return at;
        int fold = ignoreCase ? 0x20 : 0;
        int first = Fold(text[at + 1], fold);
        if (first is 's' or 't' or 'm' or 'd' || (longS && first == 'ſ'))
            return at + 2;
        if (at + 2 >= end)
            return at;
        int second = Fold(text[at + 2], fold);
        return (first, second) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? at + 3 : at;
    }

    /// <summary><c>\s+(?!\S)|\s+</c> at a white space: a run leaves its last space to the word behind it.</summary>
    public static int White(CodePoints text, int at, int end)
    {
        int run = Run(text, at, end, CharClass.White);
        return run < end && run - at > 1 ? run - 1 : run;
    }

    /// <summary><c>\s*[\r\n]+|\s+(?!\S)|\s+</c> at a white space.</summary>
    public static int WhiteOrLines(CodePoints text, int at, int end)
    {
        int run = Run(text, at, end, CharClass.White);
        for (int i = run; i > at; i--)
            if (text.Is(i - 1, CharClass.Newline))
                return i;
        return run < end && run - at > 1 ? run - 1 : run;
    }

    /// <summary><c>\s*[\r\n]+|\s{512}(?!\S)|\s{256}(?!\S)| … |\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}</c> at a white space.</summary>
    public static int LinesOrPowers(CodePoints text, int at, int end)
    {
        // Behind a white space that ends no line a run is being cut up already: it has no line breaks left, and one longer than 512 need not be measured again.
        bool isRest = at > 0 && text.Is(at - 1, CharClass.White) && !text.Is(at - 1, CharClass.Newline);
        int run = Run(text, at, isRest ? (int)Math.Min(end, at + 513L) : end, CharClass.White);
        for (int i = run; i > at && !isRest; i--)
            if (text.Is(i - 1, CharClass.Newline))
                return i;
        int count = run - at;
        for (int size = 512; size >= 2; size >>= 1)
            if (count > size || (count == size && run == end))
                return at + size;
        return Math.Min(at + 1, run);
    }

    private static int Fold(int point, int fold) => point is >= 'A' and <= 'Z' ? point | fold : point;
}
