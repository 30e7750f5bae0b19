namespace Tessera.Engine.ChatTemplates.Runtime.Values;

/// <summary>The variable <c>loop</c> of a for loop; callable when the loop is recursive.</summary>
internal sealed class LoopValue(LoopCursor cursor, int depth, Func<object?, int, string>? recurse) : CallableValue
{
    private static readonly object Nothing = new();
    private object? _lastChanged = Nothing;

    public int Index => cursor.Index + 1;

    public int Length(RenderState state) => cursor.Length(state);

    public bool TryAttribute(RenderState state, string name, out object? value)
    {
        (bool found, value) = name switch
        {
            "index" => (true, (object?)(long)Index),
            "index0" => (true, (long)cursor.Index),
            "revindex" => (true, (long)(Length(state) - cursor.Index)),
            "revindex0" => (true, (long)(Length(state) - cursor.Index - 1)),
            "first" => (true, cursor.Index == 0),
            "last" => (true, !cursor.Peek(out _)),
            "length" => (true, (long)Length(state)),
            "depth" => (true, (long)depth + 1),
            "depth0" => (true, (long)depth),
            "previtem" => (true, cursor.Index == 0 ? UndefinedValue.Because("there is no previous item") : cursor.Previous),
            "nextitem" => (true, cursor.Peek(out object? next) ? next : UndefinedValue.Because("there is no next item")),
            _ => (false, null),
        };
        return found;
    }

    public object? Cycle(object?[] values) =>
        values.Length == 0 ? Failure.Throw<object?>("no items for cycling given") : values[cursor.Index % values.Length];

    public bool Changed(RenderState state, object?[] values)
    {
        TupleValue now = new(values);
        bool changed = ReferenceEquals(_lastChanged, Nothing) || !Equality.AreEqual(state.Budget, _lastChanged, now);
        _lastChanged = now;
        return changed;
    }

    public override object? Call(RenderState state, Arguments arguments)
    {
        if (recurse is null)
            Failure.Throw("the loop must be marked 'recursive' to be called");
        if (arguments.Positional.Length != 1 || arguments.Keywords.Length > 0)
            Failure.Throw("loop() needs exactly one argument: the items");
        return recurse(arguments.Positional[0], depth + 1);
    }
}
