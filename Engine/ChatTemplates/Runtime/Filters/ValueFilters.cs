using System.Globalization;
using System.Numerics;
using Tessera.Engine.ChatTemplates.Runtime.Text;
using Tessera.Engine.ChatTemplates.Runtime.Values;
using Tessera.Engine.ChatTemplates.Syntax;

namespace Tessera.Engine.ChatTemplates.Runtime.Filters;

/// <summary>Filters on single values and numbers.</summary>
internal static class ValueFilters
{
    public static readonly Native[] All =
    [
        new("default", "default_value, boolean", Default),
        new("d", "default_value, boolean", Default),
        new("attr", "name", (state, v, a) => Attribute(state, v, a.Text(0, "", state))),
        new("int", "default, base", ToInt),
        new("float", "default", (state, v, a) => ToFloat(state, v) ?? a.Get(0, 0.0)),
        new("abs", "", Abs),
        new("round", "precision, method", Round),
        new("filesizeformat", "binary", FileSize),
    ];

    private static object? Default(RenderState state, object? value, Arguments arguments)
    {
        bool use = value is UndefinedValue || (arguments.Flag(1, false, state) && !Operators.IsTrue(state, value));
        return use ? arguments.Get(0, "") : value;
    }

    private static object? Attribute(RenderState state, object? value, string name) =>
        value is UndefinedValue undefined ? Failure.Throw<object?>(undefined.Reason)
        : Access.TryAttribute(state, value, name, out object? attribute) ? attribute : new UndefinedValue(name, TypeNames.Object(value));

    private static object? ToInt(RenderState state, object? value, Arguments arguments)
    {
        object? fallback = arguments.Get(0, 0L);
        switch (value)
        {
            case long or BigInteger:
                return value;
            case bool flag:
                return flag ? 1L : 0L;
            case double number:
                return Numbers.Truncate(number) ?? fallback;
            case string text:
                state.Budget.Steps(Math.Min(text.Length, Numbers.MaxDigits) / 4);
                long radix = arguments.Int(1, 10, "int");
                if (NumberText.Integer(text, radix) is object integer)
                    return integer;
                return ToFloat(state, text) is double parsed && Numbers.Truncate(parsed) is object whole ? whole : fallback;
            case UndefinedValue undefined:
                return Failure.Throw<object?>(undefined.Reason);
            default:
                return fallback;
        }
    }

    private static object? ToFloat(RenderState state, object? value)
    {
        switch (value)
        {
            case string text:
                state.Budget.Scan(text.Length);
                return NumberText.Float(text);
            case UndefinedValue undefined:
                return Failure.Throw<object?>(undefined.Reason);
            default:
                return Numbers.Is(value) ? Numbers.ToDouble(value!) : null;
        }
    }

    private static object? Abs(RenderState state, object? value, Arguments arguments)
    {
        if (value is UndefinedValue undefined)
            Failure.Throw(undefined.Reason);
        if (!Numbers.Is(value))
            Failure.Throw($"bad operand type for abs(): '{TypeNames.Of(value)}'");
        return value is double number ? Math.Abs(number) : Numbers.Normal(BigInteger.Abs(Numbers.ToBig(value!)));
    }

    private static object? Round(RenderState state, object? value, Arguments arguments)
    {
        long precision = arguments.Int(0, 0, "round");
        string method = arguments.Text(1, "common", state);
        if (value is UndefinedValue undefined)
            Failure.Throw(undefined.Reason);
        if (!Numbers.Is(value))
            Failure.Throw($"type {TypeNames.Of(value)} cannot be rounded");
        if (method is not ("common" or "ceil" or "floor"))
            Failure.Throw($"round() knows the methods common, ceil and floor, not '{method}'");
        if (method == "common" && value is double number)
            return Numbers.Round(number, precision);
        if (method == "common")
            return RoundInteger(state, Numbers.ToBig(value!), precision);
        object scale = Operators.Apply(state, BinaryOperator.Power, 10L, precision)!;
        double scaled = Numbers.ToDouble(Operators.Apply(state, BinaryOperator.Multiply, value, scale)!);
        object? whole = Numbers.Truncate(method == "ceil" ? Math.Ceiling(scaled) : Math.Floor(scaled)) ?? Failure.Throw<object>("cannot round infinity or NaN");
        return Operators.Apply(state, BinaryOperator.Divide, whole, scale);
    }

    private static object RoundInteger(RenderState state, BigInteger value, long precision)
    {
        if (precision >= 0)
            return Numbers.Normal(value);
        if (precision < -Numbers.MaxDigits)
            return 0L;
        BigInteger scale = Numbers.ToBig(Numbers.Power(state.Budget, 10L, -precision));
        BigInteger floor = Numbers.ToBig(Numbers.FloorDivide(state.Budget, Numbers.Normal(value), Numbers.Normal(scale)));
        int half = ((value - (floor * scale)) * 2).CompareTo(scale);
        return Numbers.Normal((half > 0 || (half == 0 && !floor.IsEven) ? floor + 1 : floor) * scale);
    }

    private static string FileSize(RenderState state, object? value, Arguments arguments)
    {
        bool binary = arguments.Flag(0, false, state);
        double bytes = ToFloat(state, value) as double? ?? Failure.Throw<double>("filesizeformat needs a number");
        if (bytes == 1)
            return "1 Byte";
        double unit = binary ? 1024 : 1000;
        if (bytes < unit)
            return ((long)bytes).ToString(CultureInfo.InvariantCulture) + " Bytes";
        int power = 1;
        while (power < 8 && bytes >= Math.Pow(unit, power + 1))
            power++;
        string name = "kMGTPEZY"[power - 1].ToString();
        return (bytes / Math.Pow(unit, power)).ToString("F1", CultureInfo.InvariantCulture) + " " + (binary ? name.ToUpperInvariant() + "iB" : name + "B");
    }
}
