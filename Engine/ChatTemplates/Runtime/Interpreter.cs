using System.Text;
using Tessera.Engine.ChatTemplates.Runtime.Text;
using Tessera.Engine.ChatTemplates.Runtime.Values;
using Tessera.Engine.ChatTemplates.Syntax;

namespace Tessera.Engine.ChatTemplates.Runtime;

/// <summary>Runs the statements of a template for one rendering.</summary>
/// <param name="state">What the rendering carries along.</param>
/// <param name="blocks">The bodies of the template's blocks by name.</param>
internal sealed partial class Interpreter(RenderState state, IReadOnlyDictionary<string, Statement[]> blocks)
{
    private enum Flow
    {
        Normal,
        Break,
        Continue,
    }

    public void Run(Statement[] body, Scope scope) => Execute(body, scope);

    /// <summary>The text that a body writes.</summary>
    public string Capture(Statement[] body, Scope scope)
    {
        _ = Capture(body, scope, out string text);
        return text;
    }

    private Flow Capture(Statement[] body, Scope scope, out string text)
    {
        StringBuilder outer = state.Output;
        StringBuilder inner = new();
        state.Output = inner;
        Flow flow = Execute(body, scope);
        state.Output = outer;
        state.Budget.Chars(inner.Length);
        text = inner.ToString();
        return flow;
    }

    private Flow Execute(Statement[] body, Scope scope)
    {
        foreach (Statement statement in body)
        {
            state.Budget.Step();
            Flow flow = Execute(statement, scope);
            if (flow != Flow.Normal)
                return flow;
        }

        return Flow.Normal;
    }

    private Flow Execute(Statement statement, Scope scope)
    {
        state.Line = statement.Line;
        switch (statement)
        {
            case TextStatement text:
                state.Write(text.Text);
                return Flow.Normal;
            case OutputStatement output:
                state.Write(TextForm.Of(state, Evaluate(output.Value, scope)));
                return Flow.Normal;
            case SetStatement set:
                Assign(set.Target, Evaluate(set.Value, scope), scope);
                return Flow.Normal;
            case MacroStatement macro:
                scope.Set(macro.Signature.Name, new MacroValue(this, macro.Signature, scope));
                return Flow.Normal;
            case CallBlockStatement call:
                CallBlock(call, scope);
                return Flow.Normal;
            case BreakStatement:
                return Flow.Break;
            case ContinueStatement:
                return Flow.Continue;
            default:
                state.Budget.Enter();
                Flow flow = ExecuteNested(statement, scope);
                state.Budget.Leave();
                return flow;
        }
    }

    private Flow ExecuteNested(Statement statement, Scope scope) => statement switch
    {
        IfStatement choice => If(choice, scope),
        ForStatement loop => For(loop, Evaluate(loop.Items, scope), scope, 0),
        WithStatement with => With(with, scope),
        SetBlockStatement set => SetBlock(set, scope),
        FilterBlockStatement filter => FilterBlock(filter, scope),
        ScopeStatement inner => Execute(inner.Body, new Scope(inner.FromTop ? scope.Top : scope)),
        _ => Failure.Throw<Flow>($"unknown statement {statement.GetType().Name}"),
    };

    private Flow If(IfStatement choice, Scope scope)
    {
        foreach ((Expression condition, Statement[] body) in choice.Branches)
            if (Operators.IsTrue(state, Evaluate(condition, scope)))
                return Execute(body, scope);
        return Execute(choice.Else, scope);
    }

    private Flow For(ForStatement loop, object? items, Scope scope, int depth)
    {
        IEnumerable<object?> source = Iteration.Of(state, items);
        if (loop.Condition is not null)
            source = Where(source, loop, scope);
        LoopCursor cursor = new(source, loop.Condition is null && items is not string ? Iteration.TryLength(items) : null);
        LoopValue variable = new(cursor, depth, loop.Recursive ? (inner, level) => Recurse(loop, inner, scope, level) : null);
        bool any = false;
        while (cursor.MoveNext())
        {
            any = true;
            Scope body = new(scope);
            body.Set("loop", variable);
            Assign(loop.Target, cursor.Current, body);
            if (Execute(loop.Body, body) == Flow.Break)
                break;
        }

        return any ? Flow.Normal : Execute(loop.Else, new Scope(scope));
    }

    private IEnumerable<object?> Where(IEnumerable<object?> items, ForStatement loop, Scope scope)
    {
        foreach (object? item in items)
        {
            Scope inner = new(scope);
            Assign(loop.Target, item, inner);
            if (Operators.IsTrue(state, Evaluate(loop.Condition!, inner)))
                yield return item;
        }
    }

    private string Recurse(ForStatement loop, object? items, Scope scope, int depth)
    {
        state.Budget.Enter();
        StringBuilder outer = state.Output;
        StringBuilder text = new();
        state.Output = text;
        For(loop, items, scope, depth);
        state.Output = outer;
        state.Budget.Chars(text.Length);
        state.Budget.Leave();
        return text.ToString();
    }

    private Flow With(WithStatement with, Scope scope)
    {
        Scope inner = new(scope);
        foreach ((Expression target, Expression value) in with.Variables)
            Assign(target, Evaluate(value, scope), inner);
        return Execute(with.Body, inner);
    }

    private Flow SetBlock(SetBlockStatement set, Scope scope)
    {
        Flow flow = Capture(set.Body, new Scope(scope), out string text);
        if (flow == Flow.Normal)
            Assign(set.Target, set.Filter is null ? text : ApplyFilter(set.Filter, text, scope), scope);
        return flow;
    }

    private Flow FilterBlock(FilterBlockStatement block, Scope scope)
    {
        Flow flow = Capture(block.Body, new Scope(scope), out string text);
        if (flow == Flow.Normal)
            state.Write(TextForm.Of(state, ApplyFilter(block.Filter, text, scope)));
        return flow;
    }

    private void CallBlock(CallBlockStatement block, Scope scope)
    {
        object? target = Evaluate(block.Call.Target, scope);
        Arguments arguments = EvaluateArguments(block.Call.Arguments, scope);
        (string, object?) caller = ("caller", new MacroValue(this, block.Caller, scope));
        state.Write(TextForm.Of(state, Invoke(target, new Arguments(arguments.Positional, [.. arguments.Keywords, caller]))));
    }

    private void Assign(Expression target, object? value, Scope scope)
    {
        switch (target)
        {
            case Name name:
                scope.Set(name.Id, value);
                break;
            case NamespaceTarget attribute:
                if (Lookup(attribute.Id, scope) is not NamespaceValue space)
                    Failure.Throw($"cannot set '{attribute.Id}.{attribute.Attribute}': '{attribute.Id}' is not a namespace");
                else
                    space.Attributes[attribute.Attribute] = value;
                break;
            case TupleLiteral tuple:
                Unpack(tuple, value, scope);
                break;
        }
    }

    private void Unpack(TupleLiteral targets, object? value, Scope scope)
    {
        if (!Iteration.IsIterable(value))
            Failure.Throw($"cannot unpack non-iterable {TypeNames.Of(value)} object");
        List<object?> items = [];
        foreach (object? item in Iteration.Of(state, value))
        {
            if (items.Count == targets.Items.Length)
                Failure.Throw($"too many values to unpack (expected {targets.Items.Length})");
            items.Add(item);
        }

        if (items.Count < targets.Items.Length)
            Failure.Throw($"not enough values to unpack (expected {targets.Items.Length}, got {items.Count})");
        for (int i = 0; i < items.Count; i++)
            Assign(targets.Items[i], items[i], scope);
    }
}
