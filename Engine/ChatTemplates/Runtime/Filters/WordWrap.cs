using System.Text;
using Tessera.Engine.ChatTemplates.Runtime.Methods;
using Tessera.Engine.ChatTemplates.Runtime.Text;
using Tessera.Engine.ChatTemplates.Syntax;

namespace Tessera.Engine.ChatTemplates.Runtime.Filters;

/// <summary>The filter wordwrap: breaks each line so that it fits a width, as Python's <c>textwrap</c> does.</summary>
/// <remarks>https://docs.python.org/3/library/textwrap.html; spaces at a break are dropped.</remarks>
internal sealed class WordWrap(RenderState state, int width, bool breaksWords, bool breaksHyphens, string separator)
{
    private readonly StringBuilder _result = new();
    private readonly List<int> _ends = [];

    public static object Apply(RenderState state, object? value, Arguments arguments)
    {
        long width = arguments.Int(0, 79, "wordwrap");
        if (width <= 0)
            Failure.Throw($"wordwrap() needs a width above 0, not {width}");
        string separator = arguments.Get(2, null) is null ? "\n" : arguments.Text(2, "\n", state);
        WordWrap wrap = new(state, (int)Math.Min(width, int.MaxValue), arguments.Flag(1, true, state), arguments.Flag(3, true, state), separator);
        bool isFirst = true;
        foreach (object? line in StringSplitMethods.Lines(state, TextFilters.OfString(value, "wordwrap"), keepEnds: false))
        {
            if (!isFirst)
                StringMethods.Append(state, wrap._result, separator);
            isFirst = false;
            wrap.Line((string)line!);
        }
        return wrap._result.ToString();
    }

    private void Line(string line)
    {
        state.Budget.Steps(line.Length / 4);
        _ends.Clear();
        for (int at = 0; at < line.Length; at = _ends[^1])
        {
            Iteration.Reserve(state, _ends.Count);
            _ends.Add(WordChunks.End(line, at, breaksHyphens));
        }
        bool areUnits = CodePoints.AreUnits(line), isFirst = true;
        int chunk = 0, start = 0;
        while (chunk < _ends.Count)
        {
            state.Budget.Step();
            if (!isFirst && IsSpace(start, _ends[chunk]))
                start = _ends[chunk++];
            int used = 0, last = -1, end = start;
            while (chunk < _ends.Count && Length(end, _ends[chunk], width - used) is int length && length <= width - used)
                (used, last, end) = (used + length, end, _ends[chunk++]);
            if (chunk < _ends.Count && Length(end, _ends[chunk], width) > width)
                if (breaksWords)
                    (last, end) = (end, Unit(end, Fitting(end, width - used)));
                else if (last < 0)
                    (last, end) = (end, _ends[chunk++]);
            int next = end;
            if (last >= 0 && IsSpace(last, end))
                (end, last) = (last, last == start ? -1 : last);
            if (last >= 0)
            {
                if (!isFirst)
                    StringMethods.Append(state, _result, separator);
                StringMethods.Append(state, _result, line.AsSpan(start, end - start));
                isFirst = false;
            }
            start = next;
        }

        bool IsSpace(int from, int to) => line.AsSpan(from, to - from).Trim(Lexer.Spaces).IsEmpty;

        // A long word is measured at every line that it is broken over, so only as far as the line goes.
        int Length(int from, int to, int most) => areUnits ? to - from : CodePoints.Length(line.AsSpan(from, (int)Math.Min(to - from, 2L * most + 2)));

        int Unit(int from, int points)
        {
            if (areUnits)
                return from + points;
            for (; points > 0; points--)
                from += CodePoints.SizeAt(line, from);
            return from;
        }

        // Of a word that is too long for any line: what fits, or up to the last hyphen in it that is not all of it.
        int Fitting(int from, int room)
        {
            if (!breaksHyphens)
                return room;
            ReadOnlySpan<char> fits = line.AsSpan(from, Unit(from, room) - from);
            int hyphen = fits.LastIndexOf('-');
            return hyphen > 0 && fits[..hyphen].ContainsAnyExcept('-') ? Length(from, from + hyphen + 1, room) : room;
        }
    }
}
