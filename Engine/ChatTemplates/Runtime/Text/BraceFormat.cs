using System.Globalization;
using System.Text;
using Tessera.Engine.ChatTemplates.Runtime.Methods;
using Tessera.Engine.ChatTemplates.Runtime.Values;

namespace Tessera.Engine.ChatTemplates.Runtime.Text;

/// <summary>Python's text.format(…): fields in braces.</summary>
/// <remarks>https://docs.python.org/3/library/string.html#format-string-syntax</remarks>
internal sealed class BraceFormat
{
    private readonly RenderState _state;
    private readonly object?[] _positional;
    private readonly DictValue _named;
    private int _next;

    private BraceFormat(RenderState state, object?[] positional, DictValue named)
    {
        _state = state;
        _positional = positional;
        _named = named;
    }

    public static string Apply(RenderState state, string format, Arguments arguments) =>
        new BraceFormat(state, arguments.Positional, Globals.ToDict(state, new Arguments([], arguments.Keywords), "format")).Run(format, 0);

    public static string Apply(RenderState state, string format, DictValue named) => new BraceFormat(state, [], named).Run(format, 0);

    private string Run(string format, int level)
    {
        StringBuilder result = new();
        for (int at = 0; at < format.Length;)
        {
            char c = format[at];
            if (c is '{' or '}' && at + 1 < format.Length && format[at + 1] == c && (c == '{' || level == 0))
            {
                StringMethods.Append(_state, result, [c]);
                at += 2;
            }
            else if (c == '}')
            {
                Failure.Throw("single '}' in a format string");
            }
            else if (c == '{')
            {
                int end = FieldEnd(format, at + 1);
                StringMethods.Append(_state, result, Field(format[(at + 1)..end], level));
                at = end + 1;
            }
            else
            {
                int next = format.AsSpan(at).IndexOfAny('{', '}');
                next = next < 0 ? format.Length : at + next;
                StringMethods.Append(_state, result, format.AsSpan(at, next - at));
                at = next;
            }
        }

        return result.ToString();
    }

    private static int FieldEnd(string format, int at)
    {
        for (int depth = 1; at < format.Length; at++)
        {
            depth += format[at] == '{' ? 1 : format[at] == '}' ? -1 : 0;
            if (depth == 0)
                return at;
        }

        return Failure.Throw<int>("a '{' in a format string has no '}'");
    }

    private string Field(string field, int level)
    {
        // Python nests a field in a field's layout, and no deeper.
        if (level > 1)
            Failure.Throw("fields in a format string are nested too deep");
        int bracket = field.IndexOf(']');
        int colon = field.IndexOf(':', field.Contains('[') && bracket > 0 && bracket < field.Length ? bracket : 0);
        string name = colon < 0 ? field : field[..colon];
        char conversion = '\0';
        if (name.Length >= 2 && name[^2] == '!')
            (conversion, name) = (name[^1], name[..^2]);
        object? value = Resolve(name);
        string spec = colon < 0 ? "" : Run(field[(colon + 1)..], level + 1);
        value = conversion switch
        {
            '\0' => value,
            's' => TextForm.Of(_state, value),
            'r' or 'a' => TextForm.Repr(_state, value),
            _ => Failure.Throw<object?>($"unknown conversion '!{conversion}' in a format string"),
        };
        return Layout(value, spec);
    }

    private object? Resolve(string path)
    {
        int end = path.AsSpan().IndexOfAny('.', '[');
        string name = end < 0 ? path : path[..end];
        object? value = First(name);
        for (int at = end < 0 ? path.Length : end; at < path.Length;)
        {
            _state.Budget.Step();
            bool isItem = path[at] == '[';
            int stop = isItem ? path.IndexOf(']', at) : path.AsSpan(at + 1).IndexOfAny('.', '[') is int n and >= 0 ? at + 1 + n : path.Length;
            if (stop < 0)
                Failure.Throw("a '[' in a format string has no ']'");
            string part = path[(at + 1)..stop];
            value = isItem
                ? Access.Item(_state, value, long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out long index) ? index : part)
                : Access.Attribute(_state, value, part);
            at = isItem ? stop + 1 : stop;
        }

        return value;
    }

    private object? First(string name)
    {
        if (name.Length == 0)
            name = (_next++).ToString(CultureInfo.InvariantCulture);
        if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int index))
            return index < _positional.Length ? _positional[index] : Failure.Throw<object?>($"format: there is no argument {index}");
        return _named.TryGet(name, out object? value) ? value : Failure.Throw<object?>($"format: there is no argument '{name}'");
    }

    private string Layout(object? value, string text)
    {
        if (text.Length == 0)
            return TextForm.Of(_state, value);
        FormatSpec spec = FormatSpec.Parse(text);
        char type = spec.Type;
        if (value is string && type is '\0' or 's')
            return spec.Text(_state, (string)value!);
        if (Numbers.IsInteger(value) && type is '\0' or 'd' or 'x' or 'X' or 'o' or 'b' or 'n')
            return spec.Integer(_state, value!, type);
        if (Numbers.IsInteger(value) && type == 'c')
            return spec.Text(_state, FormatSpec.Character(Numbers.ToBig(value!) is var code && code >= 0 && code < 0x110000 ? (long)code : -1));
        if (Numbers.Is(value) && type is '\0' or 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or '%' or 'n')
            return spec.Float(_state, Numbers.ToDouble(value!), type);
        return Failure.Throw<string>($"the format '{text}' does not fit a value of type '{TypeNames.Of(value)}'");
    }
}
