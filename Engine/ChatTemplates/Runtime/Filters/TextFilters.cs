using System.Text;
using Tessera.Engine.ChatTemplates.Runtime.Methods;
using Tessera.Engine.ChatTemplates.Runtime.Text;
using Tessera.Engine.ChatTemplates.Runtime.Values;
using Tessera.Engine.ChatTemplates.Syntax;

namespace Tessera.Engine.ChatTemplates.Runtime.Filters;

/// <summary>Filters that give a text.</summary>
internal static class TextFilters
{
    public static readonly Native[] All =
    [
        new("tojson", "ensure_ascii, indent, separators, sort_keys", JsonText.Of),
        new("string", "", (state, v, _) => TextForm.Of(state, v)),
        new("upper", "", (state, v, _) => Casing.Upper(state, TextForm.Of(state, v))),
        new("lower", "", (state, v, _) => Casing.Lower(state, TextForm.Of(state, v))),
        new("capitalize", "", (state, v, _) => Casing.Capitalize(state, TextForm.Of(state, v))),
        new("title", "", (state, v, _) => Title(state, TextForm.Of(state, v))),
        new("trim", "chars", (state, v, a) => StringMethods.Strip(state, TextForm.Of(state, v), a.Get(0, null), true, true)),
        new("replace", "old, new, count", Replace),
        new("format", "*", Format),
        new("indent", "width, first, blank", Indent),
        new("center", "width", (state, v, a) => StringPaddingMethods.Center(state, TextForm.Of(state, v), a.Int(0, 80, "center"))),
        new("truncate", "length, killwords, end, leeway", Truncate),
        new("wordcount", "", (state, v, _) => WordCount(state, TextForm.Of(state, v))),
        new("wordwrap", "width, break_long_words, wrapstring, break_on_hyphens", WordWrap.Apply),
        // A prompt is no HTML: Jinja without auto-escape marks such strings, and the mark would escape what is added to them.
        new("safe", "", (state, v, _) => TextForm.Of(state, v)),
        new("pprint", "", (state, v, _) => TextForm.Repr(state, v)),
    ];

    /// <summary>A string that Jinja would not convert from another type.</summary>
    public static string OfString(object? value, string filter) => value switch
    {
        string text => text,
        UndefinedValue undefined => Failure.Throw<string>(undefined.Reason),
        _ => Failure.Throw<string>($"{filter}() needs a string, not '{TypeNames.Of(value)}'"),
    };

    // A word ends at a space, a hyphen or an opening bracket.
    private static string Title(RenderState state, string text)
    {
        StringBuilder result = new();
        for (int at = 0; at < text.Length;)
        {
            int end = at + CodePoints.SizeAt(text, at);
            bool isBreak = IsBreak(text[at]);
            while (end < text.Length && IsBreak(text[end]) == isBreak)
                end++;
            int first = CodePoints.SizeAt(text, at);
            StringMethods.Append(state, result, Casing.Upper(state, text.Substring(at, first)));
            StringMethods.Append(state, result, Casing.Lower(state, text[(at + first)..end]));
            at = end;
        }
        return result.ToString();

        static bool IsBreak(char c) => Lexer.Spaces.Contains(c) || c is '-' or '(' or '{' or '[' or '<';
    }

    private static string Replace(RenderState state, object? value, Arguments arguments)
    {
        arguments.Need(1, "replace");
        long count = arguments.Get(2, null) is null ? -1 : arguments.Int(2, -1, "replace");
        return StringMethods.Replace(state, TextForm.Of(state, value), arguments.Text(0, "", state), arguments.Text(1, "", state), count);
    }

    private static string Format(RenderState state, object? value, Arguments arguments)
    {
        if (arguments.Positional.Length > 0 && arguments.Keywords.Length > 0)
            Failure.Throw("format() takes positional or keyword arguments, not both");
        object values = arguments.Keywords.Length > 0
            ? Globals.ToDict(state, new Arguments([], arguments.Keywords), "format")
            : new TupleValue(arguments.Positional);
        return PercentFormat.Apply(state, TextForm.Of(state, value), values);
    }

    private static string Indent(RenderState state, object? value, Arguments arguments)
    {
        string indent = arguments.Get(0, 4L) as string ?? StringPaddingMethods.Widen(state, "", Math.Max(0, arguments.Int(0, 4, "indent")), 0, " ");
        bool first = arguments.Flag(1, false, state);
        bool blank = arguments.Flag(2, false, state);
        // The added line end makes a last empty line one of the lines.
        List<object?> lines = StringSplitMethods.Lines(state, OfString(value, "indent") + "\n", keepEnds: false);
        StringBuilder result = new();
        for (int i = 0; i < lines.Count; i++)
        {
            string line = (string)lines[i]!;
            if (i > 0)
                StringMethods.Append(state, result, "\n");
            if (i == 0 ? first : blank || line.Length > 0)
                StringMethods.Append(state, result, indent);
            StringMethods.Append(state, result, line);
        }

        return result.ToString();
    }

    private static string Truncate(RenderState state, object? value, Arguments arguments)
    {
        string text = value is UndefinedValue ? "" : OfString(value, "truncate");
        long length = arguments.Int(0, 255, "truncate");
        string end = arguments.Text(2, "...", state);
        state.Budget.Scan(text.Length);
        state.Budget.Scan(end.Length);
        long leeway = arguments.Int(3, 5, "truncate");
        long keep = length - CodePoints.Length(end);
        if (keep < 0 || leeway < 0)
            Failure.Throw($"truncate() needs a length of at least {CodePoints.Length(end)} and no negative leeway");
        if (CodePoints.Length(text) <= (decimal)length + leeway)
            return text;
        ReadOnlySpan<char> head = text.AsSpan(0, CodePoints.UnitOf(text, (int)Math.Min(keep, int.MaxValue)));
        int space = head.LastIndexOf(' ');
        if (!arguments.Flag(1, false, state) && space >= 0)
            head = head[..space];
        state.Budget.Chars((long)head.Length + end.Length);
        return string.Concat(head, end);
    }

    private static long WordCount(RenderState state, string text)
    {
        state.Budget.Steps(text.Length / 8);
        long count = 0;
        bool inWord = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool isWord = WordCharacters.Has(rune);
            count += isWord && !inWord ? 1 : 0;
            inWord = isWord;
        }

        return count;
    }
}
