using System.Globalization;
using System.Text;
using Tessera.Engine.ChatTemplates.Runtime.Methods;
using Tessera.Engine.ChatTemplates.Runtime.Values;

namespace Tessera.Engine.ChatTemplates.Runtime.Text;

/// <summary>Python's text % values: printf-style formatting.</summary>
/// <remarks>https://docs.python.org/3/library/stdtypes.html#printf-style-string-formatting</remarks>
internal sealed class PercentFormat
{
    private readonly RenderState _state;
    private readonly string _format;
    private readonly StringBuilder _result = new();
    private readonly ISequenceValue _values;
    private readonly DictValue? _named;
    private int _at;
    private int _next;

    private PercentFormat(RenderState state, string format, object? values)
    {
        _state = state;
        _format = format;
        _values = values as TupleValue ?? new TupleValue([values]);
        _named = values as DictValue;
    }

    public static string Apply(RenderState state, string format, object? values)
    {
        PercentFormat run = new(state, format, values);
        run.Run();
        // What has items by key may be there without being read.
        if (run._next < run._values.Count && (values is TupleValue || (run._next == 0 && values is not (DictValue or ISequenceValue or UndefinedValue))))
            Failure.Throw("not all arguments converted during string formatting");
        return run._result.ToString();
    }

    private void Run()
    {
        while (_at < _format.Length)
        {
            int percent = _format.IndexOf('%', _at);
            int end = percent < 0 ? _format.Length : percent;
            StringMethods.Append(_state, _result, _format.AsSpan(_at, end - _at));
            _at = end + 1;
            if (percent >= 0)
                Field();
        }
    }

    private char Current => _at < _format.Length ? _format[_at] : Failure.Throw<char>("incomplete format");

    private void Field()
    {
        object? value = null;
        bool isNamed = Current == '(';
        if (isNamed)
            value = Named();
        FormatSpec spec = new() { Fill = " ", Align = '>' };
        for (; Current is '-' or '+' or ' ' or '#' or '0'; _at++)
        {
            spec = Current switch
            {
                '-' => spec with { Align = '<' },
                '0' => spec with { ZeroPadded = true },
                '#' => spec with { Alternate = true },
                '+' => spec with { Sign = '+' },
                _ => spec.Sign == '+' ? spec : spec with { Sign = ' ' },
            };
        }

        spec = spec with { Width = Size() ?? 0 };
        if (spec.Width < 0)
            spec = spec with { Width = -spec.Width, Align = '<' };
        if (Current == '.')
        {
            _at++;
            spec = spec with { Precision = (int)Math.Max(0, Size() ?? 0) };
        }

        while (Current is 'l' or 'h' or 'L')
            _at++;
        char type = Current;
        _at++;
        if (type == '%')
            StringMethods.Append(_state, _result, "%");
        else
            StringMethods.Append(_state, _result, Convert(type, isNamed ? value : Take(), spec));
    }

    private string Convert(char type, object? value, FormatSpec spec)
    {
        // A zero in front widens numbers only, and a '-' beside it wins.
        if (spec.ZeroPadded && spec.Align != '<' && type is not ('s' or 'r' or 'a' or 'c'))
            spec = spec with { Fill = "0", Align = '=' };
        switch (type)
        {
            case 's':
                return spec.Text(_state, TextForm.Of(_state, value));
            case 'r' or 'a':
                return spec.Text(_state, TextForm.Repr(_state, value));
            case 'c':
                return spec.Text(_state, value is long code ? FormatSpec.Character(code) : value as string ?? Failure.Throw<string>("%c requires int or char"));
            case 'd' or 'i' or 'u' or 'x' or 'X' or 'o':
                if (value is double whole && type is 'd' or 'i' or 'u')
                    value = Numbers.Truncate((double)value!);
                if (!Numbers.IsInteger(value))
                    Failure.Throw($"%{type} format: a number is required, not {TypeNames.Of(value)}");
                return spec.Integer(_state, value!, type is 'i' or 'u' ? 'd' : type);
            case 'e' or 'E' or 'f' or 'F' or 'g' or 'G':
                if (!Numbers.Is(value))
                    Failure.Throw($"must be real number, not {TypeNames.Of(value)}");
                return spec.Float(_state, Numbers.ToDouble(value!), type);
            default:
                return Failure.Throw<string>($"unsupported format character '{type}'");
        }
    }

    private object? Named()
    {
        int close = _format.IndexOf(')', _at);
        if (close < 0)
            Failure.Throw("incomplete format key");
        string key = _format[(_at + 1)..close];
        _at = close + 1;
        if (_named is null)
            return Failure.Throw<object?>("format requires a mapping");
        return _named.TryGet(key, out object? value) ? value : Failure.Throw<object?>($"format: no value for '{key}'");
    }

    private object? Take() => _next < _values.Count ? _values[_next++] : Failure.Throw<object?>("not enough arguments for format string");

    private long? Size()
    {
        if (Current == '*')
        {
            _at++;
            return Take() is long given ? Math.Clamp(given, -int.MaxValue, int.MaxValue) : Failure.Throw<long>("* wants int");
        }

        int start = _at;
        while (char.IsAsciiDigit(Current))
            _at++;
        if (start == _at)
            return null;
        return int.TryParse(_format.AsSpan(start, _at - start), CultureInfo.InvariantCulture, out int size) ? size : int.MaxValue;
    }
}
