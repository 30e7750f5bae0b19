using Tessera.Engine.ChatTemplates.Runtime.Text;
using Tessera.Engine.ChatTemplates.Runtime.Values;

namespace Tessera.Engine.ChatTemplates.Runtime;

/// <summary>Python's == and the order of values.</summary>
internal static class Equality
{
    public static bool AreEqual(Budget budget, object? left, object? right)
    {
        budget.Step();
        if (left is string a)
        {
            if (right is not string b || a.Length != b.Length)
                return false;
            budget.Scan(a.Length);
            return a == b;
        }

        if (Numbers.Is(left))
            return Numbers.Is(right) && Numbers.AreEqual(left!, right!);
        if (left is null || right is null || ReferenceEquals(left, right))
            return ReferenceEquals(left, right);
        budget.Enter();
        bool equal = (left, right) switch
        {
            (ListValue x, ListValue y) => Items(budget, x, y),
            (TupleValue x, TupleValue y) => Items(budget, x, y),
            (RangeValue x, RangeValue y) => Items(budget, x, y),
            (DictValue x, DictValue y) => Dicts(budget, x, y),
            (UndefinedValue, UndefinedValue) => true,
            _ => false,
        };
        budget.Leave();
        return equal;
    }

    /// <summary>Below, at or above zero as Python orders the values; types without an order fail.</summary>
    public static int Compare(RenderState state, object? left, object? right, string operation = "<")
    {
        state.Budget.Step();
        if (left is string a && right is string b)
        {
            state.Budget.Scan(Math.Min(a.Length, b.Length));
            return CodePoints.Compare(a, b);
        }

        if (Numbers.Is(left) && Numbers.Is(right))
            return Numbers.Compare(left!, right!);
        if (left is UndefinedValue || right is UndefinedValue)
            Operators.FailUndefined(left, right);
        if ((left, right) is not ((ListValue, ListValue) or (TupleValue, TupleValue)))
            return Failure.Throw<int>($"'{operation}' not supported between instances of '{TypeNames.Of(left)}' and '{TypeNames.Of(right)}'");

        (ISequenceValue x, ISequenceValue y) = ((ISequenceValue)left, (ISequenceValue)right);
        state.Budget.Enter();
        int order = x.Count - y.Count;
        for (int i = 0; i < Math.Min(x.Count, y.Count); i++)
        {
            if (AreEqual(state.Budget, x[i], y[i]))
                continue;
            order = Compare(state, x[i], y[i], operation);
            break;
        }

        state.Budget.Leave();
        return order;
    }

    private static bool Items(Budget budget, ISequenceValue left, ISequenceValue right)
    {
        if (left.Count != right.Count)
            return false;
        for (int i = 0; i < left.Count; i++)
            if (!AreEqual(budget, left[i], right[i]))
                return false;
        return true;
    }

    private static bool Dicts(Budget budget, DictValue left, DictValue right)
    {
        if (left.Count != right.Count)
            return false;
        foreach ((object? key, object? value) in left.Items)
            if (!right.TryGet(key, out object? other) || !AreEqual(budget, value, other))
                return false;
        return true;
    }
}
