using System.Numerics;
using Tessera.Engine.ChatTemplates.Runtime.Values;

namespace Tessera.Engine.ChatTemplates.Runtime;

/// <summary>Python's hash and equality of dict keys; pays for the walk through strings and tuples.</summary>
internal sealed class KeyComparer(Budget budget) : IEqualityComparer<object>
{
    public new bool Equals(object? x, object? y) => Equality.AreEqual(budget, x, y);

    public int GetHashCode(object obj) => obj switch
    {
        string text => Hash(text),
        bool value => HashCode.Combine(value ? 1L : 0L),
        long value => HashCode.Combine(value),
        // Equal numbers hash alike, whatever their type.
        double value when value == Math.Floor(value) && Math.Abs(value) < 9e18 => HashCode.Combine((long)value),
        double value => HashCode.Combine(value),
        BigInteger value => HashCode.Combine((double)value),
        TupleValue tuple => Hash(tuple),
        ListValue or DictValue or SliceValue => Failure.Throw<int>($"unhashable type: '{TypeNames.Of(obj)}'"),
        UndefinedValue => 0,
        _ => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(obj),
    };

    private int Hash(string text)
    {
        budget.Scan(text.Length);
        return text.GetHashCode(StringComparison.Ordinal);
    }

    private int Hash(TupleValue tuple)
    {
        budget.Enter();
        HashCode hash = default;
        for (int i = 0; i < tuple.Count; i++)
        {
            budget.Step();
            hash.Add(tuple[i] is object item ? GetHashCode(item) : 0);
        }

        budget.Leave();
        return hash.ToHashCode();
    }
}
