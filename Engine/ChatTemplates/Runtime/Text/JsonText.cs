using System.Numerics;
using System.Text;
using Tessera.Engine.ChatTemplates.Runtime.Values;

namespace Tessera.Engine.ChatTemplates.Runtime.Text;

/// <summary>The filter tojson: Python's json.dumps, by default without ASCII escapes.</summary>
internal sealed class JsonText
{
    private readonly RenderState _state;
    private readonly StringBuilder _text = new();
    private readonly string? _indent;
    private readonly bool _ascii;
    private readonly bool _sort;
    private readonly string _comma;
    private readonly string _colon;

    private JsonText(RenderState state, Arguments arguments)
    {
        _state = state;
        _ascii = arguments.Flag(0, false, state);
        _indent = Indent(arguments.Get(1, null));
        (_comma, _colon) = (_indent is null ? ", " : ",", ": ");
        if (arguments.Get(2, null) is object separators)
        {
            if (separators is not ISequenceValue { Count: 2 } pair || pair[0] is not string comma || pair[1] is not string colon)
                Failure.Throw("tojson: separators must be two strings");
            else
                (_comma, _colon) = (comma, colon);
        }

        _sort = arguments.Flag(3, false, state);
    }

    /// <summary>Arguments: ensure_ascii, indent, separators, sort_keys.</summary>
    public static string Of(RenderState state, object? value, Arguments arguments)
    {
        JsonText writer = new(state, arguments);
        writer.Write(value, 0);
        return writer._text.ToString();
    }

    private string? Indent(object? value)
    {
        if (value is null or string)
            return (string?)value;
        if (!Numbers.IsInteger(value))
            Failure.Throw($"tojson: indent must be an integer or a string, not '{TypeNames.Of(value)}'");
        BigInteger count = BigInteger.Max(0, Numbers.ToBig(value));
        _state.Budget.Chars((long)BigInteger.Min(count, int.MaxValue));
        return new string(' ', (int)count);
    }

    private void Write(object? value, int level)
    {
        _state.Budget.Step();
        switch (value)
        {
            case null:
                Append("null");
                break;
            case bool flag:
                Append(flag ? "true" : "false");
                break;
            case string text:
                String(text);
                break;
            case long or BigInteger:
                Append(TextForm.Of(_state, value));
                break;
            case double number:
                Append(Float(number));
                break;
            case ListValue or TupleValue:
                List((ISequenceValue)value, level + 1);
                break;
            case DictValue dict:
                Dict(dict, level + 1);
                break;
            default:
                Failure.Throw($"Object of type {TypeNames.Of(value)} is not JSON serializable");
                break;
        }
    }

    private void List(ISequenceValue list, int level)
    {
        _state.Budget.Enter();
        Append("[");
        for (int i = 0; i < list.Count; i++)
        {
            Separate(i, level);
            Write(list[i], level);
        }

        Close(list.Count, level, "]");
        _state.Budget.Leave();
    }

    private void Dict(DictValue dict, int level)
    {
        _state.Budget.Enter();
        IEnumerable<(object? Key, object? Value)> items = dict.Items;
        if (_sort)
            items = Sorting.Sort([.. items], (a, b) => Equality.Compare(_state, a.Key, b.Key));
        Append("{");
        int count = 0;
        foreach ((object? key, object? value) in items)
        {
            Separate(count++, level);
            String(Key(key));
            Append(_colon);
            Write(value, level);
        }

        Close(count, level, "}");
        _state.Budget.Leave();
    }

    private string Key(object? key) => key switch
    {
        string text => text,
        null => "null",
        bool flag => flag ? "true" : "false",
        double number => Float(number),
        long or BigInteger => TextForm.Of(_state, key),
        _ => Failure.Throw<string>($"keys must be str, int, float, bool or None, not {TypeNames.Of(key)}"),
    };

    private static string Float(double value) =>
        double.IsNaN(value) ? "NaN" : double.IsInfinity(value) ? (value > 0 ? "Infinity" : "-Infinity") : FloatText.Of(value);

    private void Separate(int index, int level)
    {
        if (index > 0)
            Append(_comma);
        Line(level);
    }

    private void Close(int count, int level, string bracket)
    {
        if (count > 0)
            Line(level - 1);
        Append(bracket);
    }

    private void Line(int level)
    {
        if (_indent is null)
            return;
        Append("\n");
        for (int i = 0; i < level; i++)
            Append(_indent);
    }

    private void String(string text)
    {
        Append("\"");
        int plain = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (Escape(text[i]) is not string escape)
                continue;
            Append(text.AsSpan(plain, i - plain));
            Append(escape);
            plain = i + 1;
        }

        Append(text.AsSpan(plain));
        Append("\"");
    }

    private string? Escape(char c) => c switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\b' => "\\b",
        '\f' => "\\f",
        < ' ' => $"\\u{(int)c:x4}",
        > '~' when _ascii && c != _state.Invisible => $"\\u{(int)c:x4}",
        _ => null,
    };

    private void Append(ReadOnlySpan<char> text)
    {
        if (text.Length > _state.Budget.MaxChars - _text.Length)
            _state.Budget.Chars((long)_text.Length + text.Length);
        // The text is paid for by the piece: a piece is no string of its own.
        _state.Budget.Copy(text.Length);
        _text.Append(text);
    }
}
