using System.Text;
using Tessera.Engine.ChatTemplates.Runtime.Methods;
using Tessera.Engine.ChatTemplates.Runtime.Text;
using Tessera.Engine.ChatTemplates.Syntax;

namespace Tessera.Engine.ChatTemplates.Runtime.Filters;

/// <summary>The filter wordwrap: breaks each line at spaces so that it fits a width.</summary>
internal static class WordWrap
{
    public static object Apply(RenderState state, object? value, Arguments arguments)
    {
        long width = arguments.Int(0, 79, "wordwrap");
        if (width <= 0)
            Failure.Throw($"wordwrap() needs a width above 0, not {width}");
        bool breakWords = arguments.Flag(1, true, state);
        string separator = arguments.Get(2, null) is null ? "\n" : arguments.Text(2, "\n", state);
        StringBuilder result = new();
        bool firstLine = true;
        foreach (object? line in StringSplitMethods.Lines(state, TextForm.Of(state, value), keepEnds: false))
        {
            if (!firstLine)
                StringMethods.Append(state, result, separator);
            firstLine = false;
            Line(state, (string)line!, (int)Math.Min(width, int.MaxValue), breakWords, separator, result);
        }

        return result.ToString();
    }

    private static void Line(RenderState state, string line, int width, bool breakWords, string separator, StringBuilder result)
    {
        int at = 0;
        while (at < line.Length)
        {
            state.Budget.Step();
            int end = End(line, at, width, breakWords);
            StringMethods.Append(state, result, line.AsSpan(at, end - at).TrimEnd(Lexer.Spaces));
            while (end < line.Length && Lexer.Spaces.Contains(line[end]))
                end++;
            if (end < line.Length)
                StringMethods.Append(state, result, separator);
            at = end;
        }
    }

    /// <summary>Where the piece that starts here ends: at the last space that fits, else inside or after its word.</summary>
    private static int End(string line, int at, int width, bool breakWords)
    {
        if (line.Length - at <= width)
            return line.Length;
        for (int end = at + width; end > at; end--)
            if (Lexer.Spaces.Contains(line[end]) || (line[end - 1] == '-' && end < at + width + 1 && end > at + 1))
                return end;
        if (breakWords)
            return at + width;
        int word = at + width;
        while (word < line.Length && !Lexer.Spaces.Contains(line[word]))
            word++;
        return word;
    }
}
