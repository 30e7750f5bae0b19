using Tessera.Engine.ChatTemplates.Runtime.Filters;
using Tessera.Engine.ChatTemplates.Runtime.Values;
using Tessera.Engine.ChatTemplates.Syntax;

namespace Tessera.Engine.ChatTemplates.Runtime;

internal sealed partial class Interpreter
{
    public object? Evaluate(Expression expression, Scope scope)
    {
        state.Budget.Step();
        if (expression is Name name)
            return Lookup(name.Id, scope);
        if (expression is Literal literal)
            return literal.Value;
        state.Budget.Enter();
        object? value = EvaluateNested(expression, scope);
        state.Budget.Leave();
        return value;
    }

    private object? EvaluateNested(Expression expression, Scope scope)
    {
        switch (expression)
        {
            case GetAttribute get:
                return Access.Attribute(state, Evaluate(get.Target, scope), get.Attribute);
            case GetItem get:
                return Access.Item(state, Evaluate(get.Target, scope), Evaluate(get.Index, scope));
            case Compare compare:
                return EvaluateCompare(compare, scope);
            case Logic logic:
                object? left = Evaluate(logic.Left, scope);
                return Operators.IsTrue(state, left) == logic.IsAnd ? Evaluate(logic.Right, scope) : left;
            case Not not:
                return !Operators.IsTrue(state, Evaluate(not.Operand, scope));
            case Test test:
                return EvaluateTest(test, scope);
            case Filter filter:
                return ApplyFilter(filter, null, scope);
            case Call call:
                return EvaluateCall(call, scope);
            case Arithmetic sum:
                return Operators.Apply(state, sum.Operator, Evaluate(sum.Left, scope), Evaluate(sum.Right, scope));
            case Concat concat:
                return Operators.Concat(state, EvaluateAll(concat.Parts, scope));
            case Conditional choice:
                if (Operators.IsTrue(state, Evaluate(choice.Condition, scope)))
                    return Evaluate(choice.Then, scope);
                return choice.Else is null
                    ? UndefinedValue.Because("the inline if-expression was false and has no else")
                    : Evaluate(choice.Else, scope);
            case ListLiteral list:
                return new ListValue(EvaluateAll(list.Items, scope));
            case TupleLiteral tuple:
                return new TupleValue(EvaluateAll(tuple.Items, scope));
            case DictLiteral dict:
                return EvaluateDict(dict, scope);
            case SliceIndex slice:
                return new SliceValue(EvaluateOptional(slice.Start, scope), EvaluateOptional(slice.Stop, scope), EvaluateOptional(slice.Step, scope));
            case Negative negative:
                return EvaluateSign(negative, scope);
            default:
                return Failure.Throw<object?>($"unknown expression {expression.GetType().Name}");
        }
    }

    private object? Lookup(string name, Scope scope)
    {
        bool found = scope.TryGet(name, out object? value, out int bodies);
        state.Budget.Steps(bodies / 2);
        if (found || Globals.TryGet(name, out value))
            return value;
        return name == "self" ? new SelfValue(this, blocks, scope.Top) : new UndefinedValue(name);
    }

    private object? EvaluateOptional(Expression? expression, Scope scope) => expression is null ? null : Evaluate(expression, scope);

    private object?[] EvaluateAll(Expression[] expressions, Scope scope)
    {
        state.Budget.Items(expressions.Length);
        object?[] values = new object?[expressions.Length];
        for (int i = 0; i < values.Length; i++)
            values[i] = Evaluate(expressions[i], scope);
        return values;
    }

    private DictValue EvaluateDict(DictLiteral literal, Scope scope)
    {
        state.Budget.Items(2L * literal.Items.Length);
        DictValue dict = new(state.Keys);
        foreach ((Expression key, Expression value) in literal.Items)
            dict.Set(Evaluate(key, scope), Evaluate(value, scope));
        return dict;
    }

    private bool EvaluateCompare(Compare compare, Scope scope)
    {
        object? left = Evaluate(compare.First, scope);
        foreach ((CompareOperator op, Expression operand) in compare.Rest)
        {
            object? right = Evaluate(operand, scope);
            if (!Operators.Compare(state, op, left, right))
                return false;
            left = right;
        }

        return true;
    }

    private object EvaluateSign(Negative sign, Scope scope)
    {
        object? value = Evaluate(sign.Operand, scope);
        if (value is UndefinedValue undefined)
            Failure.Throw(undefined.Reason);
        if (!Numbers.Is(value))
            Failure.Throw($"bad operand type for unary {(sign.Negate ? '-' : '+')}: '{TypeNames.Of(value)}'");
        return sign.Negate ? Numbers.Negate(value!) : Numbers.Add(0L, value!);
    }

    private bool EvaluateTest(Test test, Scope scope)
    {
        object? value = Evaluate(test.Target, scope);
        Arguments arguments = EvaluateArguments(test.Arguments, scope);
        state.Line = test.Line;
        return Tests.Apply(state, test.Id, value, arguments);
    }

    private object? ApplyFilter(Filter filter, string? blockText, Scope scope)
    {
        state.Budget.Enter();
        object? value = filter.Target switch
        {
            null => blockText,
            Filter inner when blockText is not null => ApplyFilter(inner, blockText, scope),
            Expression target => Evaluate(target, scope),
        };
        Arguments arguments = EvaluateArguments(filter.Arguments, scope);
        state.Budget.Leave();
        state.Line = filter.Line;
        return FilterTable.Apply(state, filter.Id, value, arguments);
    }

    private object? EvaluateCall(Call call, Scope scope)
    {
        object? target = Evaluate(call.Target, scope);
        Arguments arguments = EvaluateArguments(call.Arguments, scope);
        state.Line = call.Line;
        return Invoke(target, arguments);
    }

    private object? Invoke(object? target, Arguments arguments) => target switch
    {
        CallableValue callable => callable.Call(state, arguments),
        UndefinedValue undefined => Failure.Throw<object?>(undefined.Reason),
        _ => Failure.Throw<object?>($"'{TypeNames.Of(target)}' object is not callable"),
    };

    private Arguments EvaluateArguments(CallArguments arguments, Scope scope)
    {
        if (ReferenceEquals(arguments, CallArguments.None))
            return Arguments.None;
        object?[] positional = EvaluateAll(arguments.Positional, scope);
        if (arguments.Star is not null)
            positional = [.. positional, .. Iteration.ToList(state, Evaluate(arguments.Star, scope))];
        List<(string Name, object? Value)> keywords = [];
        foreach ((string name, Expression value) in arguments.Keywords)
            keywords.Add((name, Evaluate(value, scope)));
        if (arguments.StarStar is not null)
            AddKeywords(keywords, Evaluate(arguments.StarStar, scope));
        return new Arguments(positional, [.. keywords]);
    }

    private void AddKeywords(List<(string Name, object? Value)> keywords, object? value)
    {
        if (value is not DictValue dict)
        {
            Failure.Throw($"the argument after ** must be a mapping, not '{TypeNames.Of(value)}'");
            return;
        }

        state.Budget.Items(2L * dict.Count);
        HashSet<string> names = [.. keywords.Select(k => k.Name)];
        foreach ((object? key, object? item) in dict.Items)
        {
            if (key is not string name)
            {
                Failure.Throw("keywords must be strings");
                return;
            }
            state.Budget.Scan(name.Length);
            if (!names.Add(name))
                Failure.Throw($"the keyword argument '{name}' is given twice");
            else
                keywords.Add((name, item));
        }
    }
}
