using System.Numerics;
using System.Text;
using Tessera.Engine.ChatTemplates.Runtime.Text;
using Tessera.Engine.ChatTemplates.Runtime.Values;
using Tessera.Engine.ChatTemplates.Syntax;

namespace Tessera.Engine.ChatTemplates.Runtime;

/// <summary>The operators of expressions, with Python's meaning.</summary>
internal static class Operators
{
    public static bool IsTrue(RenderState state, object? value) => value switch
    {
        null => false,
        bool flag => flag,
        string text => text.Length > 0,
        long number => number != 0,
        double number => number != 0,
        BigInteger number => !number.IsZero,
        UndefinedValue => false,
        LoopValue loop => loop.Length(state) > 0,
        _ => Iteration.TryLength(value) is not 0,
    };

    public static object? Apply(RenderState state, BinaryOperator op, object? left, object? right)
    {
        if (op == BinaryOperator.Modulo && left is string text)
            return PercentFormat.Apply(state, text, right);
        if (left is UndefinedValue || right is UndefinedValue)
            FailUndefined(left, right);
        if (Numbers.Is(left) && Numbers.Is(right))
            return Calculate(state.Budget, op, left!, right!);
        switch (op, left, right)
        {
            case (BinaryOperator.Add, string a, string b):
                return Join(state, a, b);
            case (BinaryOperator.Add, ListValue a, ListValue b):
                return new ListValue(Join(state, a, b));
            case (BinaryOperator.Add, TupleValue a, TupleValue b):
                return new TupleValue(Join(state, a, b));
            case (BinaryOperator.Multiply, string or ListValue or TupleValue, _) when Numbers.IsInteger(right):
                return Repeat(state, left, Numbers.ToBig(right!));
            case (BinaryOperator.Multiply, _, string or ListValue or TupleValue) when Numbers.IsInteger(left):
                return Repeat(state, right, Numbers.ToBig(left!));
            case (BinaryOperator.Add, string, _):
                return Failure.Throw<object>($"can only concatenate str (not \"{TypeNames.Of(right)}\") to str");
            default:
                return Failure.Throw<object>($"unsupported operand types for {Sign(op)}: '{TypeNames.Of(left)}' and '{TypeNames.Of(right)}'");
        }
    }

    public static bool Compare(RenderState state, CompareOperator op, object? left, object? right)
    {
        switch (op)
        {
            case CompareOperator.Equal:
                return Equality.AreEqual(state.Budget, left, right);
            case CompareOperator.NotEqual:
                return !Equality.AreEqual(state.Budget, left, right);
            case CompareOperator.In:
                return Contains(state, right, left);
            case CompareOperator.NotIn:
                return !Contains(state, right, left);
        }

        bool anyNan = (left is double.NaN && Numbers.Is(right)) || (right is double.NaN && Numbers.Is(left));
        if (anyNan)
            return false;
        string sign = op switch { CompareOperator.Less => "<", CompareOperator.LessOrEqual => "<=", CompareOperator.Greater => ">", _ => ">=" };
        int order = Equality.Compare(state, left, right, sign);
        return op switch
        {
            CompareOperator.Less => order < 0,
            CompareOperator.LessOrEqual => order <= 0,
            CompareOperator.Greater => order > 0,
            _ => order >= 0,
        };
    }

    public static bool Contains(RenderState state, object? container, object? item)
    {
        switch (container)
        {
            case string text:
                if (item is UndefinedValue)
                    FailUndefined(item, null);
                if (item is not string part)
                    return Failure.Throw<bool>($"'in <string>' requires string as left operand, not {TypeNames.Of(item)}");
                state.Budget.Search(text.Length, part.Length);
                return text.Contains(part, StringComparison.Ordinal);
            case DictValue dict:
                return dict.TryGet(item, out _);
            case DictView { Kind: DictViewKind.Keys } keys:
                return keys.Dict.TryGet(item, out _);
        }

        if (!Iteration.IsIterable(container))
            Failure.Throw($"argument of type '{TypeNames.Of(container)}' is not iterable");
        foreach (object? one in Iteration.Of(state, container))
            if (Equality.AreEqual(state.Budget, one, item))
                return true;
        return false;
    }

    public static string Concat(RenderState state, object?[] parts)
    {
        StringBuilder text = new();
        foreach (object? part in parts)
        {
            string one = TextForm.Of(state, part);
            state.Budget.Chars((long)text.Length + one.Length);
            text.Append(one);
        }

        return text.ToString();
    }

    /// <summary>Fails with the reason why the first undefined of the two is missing.</summary>
    public static void FailUndefined(object? left, object? right) =>
        Failure.Throw(((left as UndefinedValue) ?? (UndefinedValue)right!).Reason);

    private static object Calculate(Budget budget, BinaryOperator op, object left, object right) => op switch
    {
        BinaryOperator.Add => Numbers.Add(left, right),
        BinaryOperator.Subtract => Numbers.Subtract(left, right),
        BinaryOperator.Multiply => Numbers.Multiply(budget, left, right),
        BinaryOperator.Divide => Numbers.Divide(left, right),
        BinaryOperator.FloorDivide => Numbers.FloorDivide(budget, left, right),
        BinaryOperator.Modulo => Numbers.Modulo(budget, left, right),
        _ => Numbers.Power(budget, left, right),
    };

    private static string Join(RenderState state, string left, string right)
    {
        state.Budget.Chars((long)left.Length + right.Length);
        return left + right;
    }

    private static object?[] Join(RenderState state, ISequenceValue left, ISequenceValue right)
    {
        state.Budget.Items((long)left.Count + right.Count);
        object?[] items = new object?[left.Count + right.Count];
        for (int i = 0; i < items.Length; i++)
            items[i] = i < left.Count ? left[i] : right[i - left.Count];
        return items;
    }

    private static object Repeat(RenderState state, object? value, BigInteger times)
    {
        long count = times.Sign <= 0 ? 0 : times > int.MaxValue ? int.MaxValue : (long)times;
        if (value is string text)
        {
            if (text.Length == 0)
                return "";
            state.Budget.Chars(text.Length * count);
            return new StringBuilder().Insert(0, text, (int)count).ToString();
        }

        ISequenceValue sequence = (ISequenceValue)value!;
        if (sequence.Count == 0)
            return value!;
        state.Budget.Items(sequence.Count * count);
        object?[] items = new object?[sequence.Count * count];
        for (int i = 0; i < items.Length; i++)
            items[i] = sequence[i % sequence.Count];
        return value is ListValue ? new ListValue(items) : new TupleValue(items);
    }

    private static string Sign(BinaryOperator op) => op switch
    {
        BinaryOperator.Add => "+",
        BinaryOperator.Subtract => "-",
        BinaryOperator.Multiply => "*",
        BinaryOperator.Divide => "/",
        BinaryOperator.FloorDivide => "//",
        BinaryOperator.Modulo => "%",
        _ => "**",
    };
}
