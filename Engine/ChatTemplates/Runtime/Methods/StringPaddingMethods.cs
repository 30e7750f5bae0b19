using System.Text;
using Tessera.Engine.ChatTemplates.Runtime.Text;
using Tessera.Engine.ChatTemplates.Runtime.Values;

namespace Tessera.Engine.ChatTemplates.Runtime.Methods;

/// <summary>Methods of strings that widen them.</summary>
internal static class StringPaddingMethods
{
    public static readonly Native[] All =
    [
        new("center", "width, fillchar", (state, self, a) => Pad(state, (string)self!, a, "center")),
        new("ljust", "width, fillchar", (state, self, a) => Pad(state, (string)self!, a, "ljust")),
        new("rjust", "width, fillchar", (state, self, a) => Pad(state, (string)self!, a, "rjust")),
        new("zfill", "width", ZeroFill),
        new("expandtabs", "tabsize", ExpandTabs),
    ];

    public static string Center(RenderState state, string text, long width)
    {
        long room = Math.Max(0, width - Iteration.Length(state, text));
        // Where the room is odd, Python puts the extra space on the left only if the width is odd too.
        long left = (room / 2) + (room & width & 1);
        return Widen(state, text, left, room - left, " ");
    }

    public static string Widen(RenderState state, string text, long left, long right, string fill)
    {
        long total = Math.Min(left, int.MaxValue) + Math.Min(right, int.MaxValue);
        state.Budget.Chars(text.Length + (total * fill.Length));
        if (total == 0)
            return text;
        return new StringBuilder().Insert(0, fill, (int)left).Append(text).Append(Repeat(fill, (int)right)).ToString();
    }

    private static string Repeat(string fill, int count) => new StringBuilder().Insert(0, fill, count).ToString();

    private static string Pad(RenderState state, string text, Arguments arguments, string function)
    {
        arguments.Need(0, function);
        long width = arguments.Int(0, 0, function);
        string fill = arguments.Has(1) ? arguments.String(1, function) : " ";
        if (CodePoints.Length(fill) != 1)
            Failure.Throw($"{function}() needs exactly one fill character");
        long room = Math.Max(0, width - Iteration.Length(state, text));
        long left = function == "ljust" ? 0 : function == "rjust" ? room : (room / 2) + (room & width & 1);
        return Widen(state, text, left, room - left, fill);
    }

    private static string ZeroFill(RenderState state, object? self, Arguments arguments)
    {
        string text = (string)self!;
        arguments.Need(0, "zfill");
        long room = Math.Max(0, arguments.Int(0, 0, "zfill") - Iteration.Length(state, text));
        bool signed = text.Length > 0 && text[0] is '+' or '-';
        string filled = Widen(state, signed ? text[1..] : text, room, 0, "0");
        return signed ? text[0] + filled : filled;
    }

    private static string ExpandTabs(RenderState state, object? self, Arguments arguments)
    {
        long size = arguments.Int(0, 8, "expandtabs");
        StringBuilder result = new();
        long column = 0;
        foreach (char c in (string)self!)
        {
            if (c == '\t')
            {
                long spaces = size <= 0 ? 0 : size - (column % size);
                state.Budget.Chars(result.Length + spaces);
                result.Append(' ', (int)spaces);
                column += spaces;
                continue;
            }

            StringMethods.Append(state, result, [c]);
            column = c is '\n' or '\r' ? 0 : column + 1;
        }

        return result.ToString();
    }
}
