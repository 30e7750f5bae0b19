using System.Globalization;
using System.Numerics;
using System.Text;
using Tessera.Engine.ChatTemplates.Runtime.Values;

namespace Tessera.Engine.ChatTemplates.Runtime.Text;

/// <summary>Python's str() and repr() of values.</summary>
internal sealed class TextForm
{
    private readonly RenderState _state;
    private readonly StringBuilder _text = new();

    private TextForm(RenderState state) => _state = state;

    /// <summary>str(value).</summary>
    public static string Of(RenderState state, object? value) => value switch
    {
        string text => text,
        UndefinedValue { IsRefused: true } refused => Failure.Throw<string>(refused.Reason),
        UndefinedValue => "",
        _ => Repr(state, value),
    };

    public static string Repr(RenderState state, object? value)
    {
        if (Scalar(state, value) is string simple)
            return simple;
        TextForm form = new(state);
        form.Write(value);
        return form._text.ToString();
    }

    private static string? Scalar(RenderState state, object? value)
    {
        switch (value)
        {
            case null:
                return "None";
            case bool flag:
                return flag ? "True" : "False";
            case long number:
                return number.ToString(CultureInfo.InvariantCulture);
            case double number:
                return FloatText.Of(number);
            case BigInteger number:
                state.Budget.Steps(number.GetByteCount() + (long)number.GetByteCount() * number.GetByteCount() / 512);
                return number.ToString(CultureInfo.InvariantCulture);
            case UndefinedValue:
                return "Undefined";
            case GeneratorValue:
                return "<generator object>";
            case MacroValue macro:
                return $"<Macro '{macro.Name}'>";
            case LoopValue loop:
                return $"<LoopContext {loop.Index}/{loop.Length(state)}>";
            case NativeValue native:
                return $"<function {native.Name}>";
            case CallableValue:
                return "<object>";
            default:
                return null;
        }
    }

    private void Write(object? value)
    {
        _state.Budget.Step();
        switch (value)
        {
            case string text:
                Append(StringRepr.Of(_state, text));
                break;
            case ListValue list:
                Items("[", list, "]");
                break;
            case TupleValue tuple:
                Items("(", tuple, tuple.Count == 1 ? ",)" : ")");
                break;
            case DictValue dict:
                Dict(dict);
                break;
            case DictView view:
                Append(TypeNames.Of(view) + "(");
                Items("[", new ListValue([.. view.Items]), "])");
                break;
            case RangeValue range:
                Append(range.Step == 1 ? $"range({range.Start}, {range.Stop})" : $"range({range.Start}, {range.Stop}, {range.Step})");
                break;
            case NamespaceValue space:
                Append("<Namespace ");
                Dict(Attributes(space));
                Append(">");
                break;
            case SliceValue slice:
                Items("slice(", new TupleValue([slice.Start, slice.Stop, slice.Step]), ")");
                break;
            default:
                Append(Scalar(_state, value) ?? "<object>");
                break;
        }
    }

    private void Items(string open, ISequenceValue items, string close)
    {
        _state.Budget.Enter();
        Append(open);
        for (int i = 0; i < items.Count; i++)
        {
            if (i > 0)
                Append(", ");
            Write(items[i]);
        }

        Append(close);
        _state.Budget.Leave();
    }

    private void Dict(DictValue dict)
    {
        _state.Budget.Enter();
        string separator = "{";
        foreach ((object? key, object? value) in dict.Items)
        {
            Append(separator);
            Write(key);
            Append(": ");
            Write(value);
            separator = ", ";
        }

        Append(dict.Count == 0 ? "{}" : "}");
        _state.Budget.Leave();
    }

    private DictValue Attributes(NamespaceValue space)
    {
        DictValue dict = new(_state.Keys);
        foreach (KeyValuePair<string, object?> item in space.Attributes)
            dict.Set(item.Key, item.Value);
        return dict;
    }

    private void Append(string text)
    {
        if (text.Length > _state.Budget.MaxChars - _text.Length)
            _state.Budget.Chars((long)_text.Length + text.Length);
        _state.Budget.Copy(text.Length);
        _text.Append(text);
    }
}
