using System.Collections.Frozen;
using Tessera.Engine.ChatTemplates.Runtime.Filters;
using Tessera.Engine.ChatTemplates.Runtime.Methods;
using Tessera.Engine.ChatTemplates.Runtime.Text;
using Tessera.Engine.ChatTemplates.Runtime.Values;
using Tessera.Engine.ChatTemplates.Syntax;

namespace Tessera.Engine.ChatTemplates.Runtime;

/// <summary>What may follow <c>is</c>.</summary>
internal static class Tests
{
    private static readonly FrozenDictionary<string, Native> Table = All().ToFrozenDictionary(t => t.Name);

    public static bool Has(string name) => Table.ContainsKey(name);

    public static bool Apply(RenderState state, string name, object? value, Arguments arguments)
    {
        if (!Table.TryGetValue(name, out Native? test))
            Failure.Throw($"No test named '{name}' found.");
        return Operators.IsTrue(state, test!.Invoke(state, value, arguments));
    }

    private static IEnumerable<Native> All()
    {
        yield return new("defined", "", (_, v, _) => v is not UndefinedValue);
        yield return new("undefined", "", (_, v, _) => v is UndefinedValue);
        yield return new("none", "", (_, v, _) => v is null);
        yield return new("boolean", "", (_, v, _) => v is bool);
        yield return new("true", "", (_, v, _) => v is true);
        yield return new("false", "", (_, v, _) => v is false);
        yield return new("integer", "", (_, v, _) => Numbers.IsInteger(v) && v is not bool);
        yield return new("float", "", (_, v, _) => v is double);
        yield return new("number", "", (_, v, _) => Numbers.Is(v));
        yield return new("string", "", (_, v, _) => v is string);
        yield return new("mapping", "", (_, v, _) => v is DictValue);
        yield return new("sequence", "", (_, v, _) => v is string or ISequenceValue or DictValue or UndefinedValue);
        yield return new("iterable", "", (_, v, _) => Iteration.IsIterable(v) || v is LoopValue);
        yield return new("callable", "", (_, v, _) => v is CallableValue or UndefinedValue);
        yield return new("escaped", "", (_, _, _) => false);
        yield return new("lower", "", (state, v, _) => StringClassMethods.IsLower(state, TextForm.Of(state, v)));
        yield return new("upper", "", (state, v, _) => StringClassMethods.IsUpper(state, TextForm.Of(state, v)));
        yield return new("odd", "", (state, v, _) => Rest(state, v, 2L) is 1L or 1.0);
        yield return new("even", "", (state, v, _) => Rest(state, v, 2L) is 0L or 0.0);
        yield return new("divisibleby", "num", (state, v, a) => Rest(state, v, a.Need(0, "divisibleby")) is 0L or 0.0);
        yield return new("in", "seq", (state, v, a) => Operators.Contains(state, a.Need(0, "in"), v));
        yield return new("filter", "", (state, v, _) => FilterTable.Has(TextForm.Of(state, v)));
        yield return new("test", "", (state, v, _) => Has(TextForm.Of(state, v)));
        yield return new("sameas", "other", (state, v, a) => IsSame(state, v, a.Need(0, "sameas")));
        foreach ((string[] names, CompareOperator op) in Comparisons)
            foreach (string name in names)
                yield return new(name, "other", (state, v, a) => Operators.Compare(state, op, v, a.Need(0, name)));
    }

    private static (string[] Names, CompareOperator Operator)[] Comparisons =>
    [
        (["==", "eq", "equalto"], CompareOperator.Equal),
        (["!=", "ne"], CompareOperator.NotEqual),
        (["<", "lt", "lessthan"], CompareOperator.Less),
        (["<=", "le"], CompareOperator.LessOrEqual),
        ([">", "gt", "greaterthan"], CompareOperator.Greater),
        ([">=", "ge"], CompareOperator.GreaterOrEqual),
    ];

    private static object? Rest(RenderState state, object? value, object? divisor) => Operators.Apply(state, BinaryOperator.Modulo, value, divisor);

    // Small values have no identity of their own here: equal ones of one type are the same.
    private static bool IsSame(RenderState state, object? left, object? right) =>
        ReferenceEquals(left, right) || (left is string or bool or long or double && left.GetType() == right?.GetType() && Equality.AreEqual(state.Budget, left, right));
}
