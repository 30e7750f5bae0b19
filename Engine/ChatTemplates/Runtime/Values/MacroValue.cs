using Tessera.Engine.ChatTemplates.Syntax;

namespace Tessera.Engine.ChatTemplates.Runtime.Values;

/// <summary>A macro, or the body of a call block, with the scope that it was defined in.</summary>
internal sealed class MacroValue(Interpreter interpreter, Signature signature, Scope scope) : CallableValue
{
    public string Name => signature.Name;

    public bool TryAttribute(string name, out object? value)
    {
        (bool found, value) = name switch
        {
            "name" => (true, (object?)signature.Name),
            "arguments" => (true, new TupleValue([.. signature.Parameters])),
            "caller" => (true, signature.UsesCaller),
            "catch_varargs" => (true, signature.UsesVarargs),
            "catch_kwargs" => (true, signature.UsesKwargs),
            _ => (false, null),
        };
        return found;
    }

    public override object? Call(RenderState state, Arguments arguments)
    {
        state.Budget.Enter();
        Scope inner = new(scope);
        List<(string Name, object? Value)> rest = [.. arguments.Keywords];
        int given = Math.Min(arguments.Positional.Length, signature.Parameters.Length);
        List<int> absent = [];
        for (int i = 0; i < signature.Parameters.Length; i++)
        {
            state.Budget.Steps(rest.Count / 8);
            string parameter = signature.Parameters[i];
            int keyword = rest.FindIndex(k => k.Name == parameter);
            if (keyword >= 0 && i < given)
                Failure.Throw($"macro '{Name}' got the argument '{parameter}' twice");
            if (i >= given && keyword < 0)
                absent.Add(i);
            inner.Set(parameter, i < given ? arguments.Positional[i] : keyword >= 0 ? rest[keyword].Value : new UndefinedValue(parameter));
            if (keyword >= 0)
                rest.RemoveAt(keyword);
        }
        // A default sees the parameters, those after it only where they are given, and never what is outside under one of their names.
        foreach (int i in absent)
            inner.Set(signature.Parameters[i], Default(i, inner));

        SetSpecials(state, inner, arguments.Positional[given..], rest);
        string text = interpreter.Capture(signature.Body, inner);
        state.Budget.Leave();
        return text;
    }

    private object? Default(int parameter, Scope inner)
    {
        int index = parameter - (signature.Parameters.Length - signature.Defaults.Length);
        return index < 0
            ? UndefinedValue.Because($"parameter '{signature.Parameters[parameter]}' was not provided")
            : interpreter.Evaluate(signature.Defaults[index], inner);
    }

    private void SetSpecials(RenderState state, Scope inner, object?[] extra, List<(string Name, object? Value)> rest)
    {
        if (signature.UsesCaller)
        {
            int caller = rest.FindIndex(k => k.Name == "caller");
            inner.Set("caller", caller >= 0 ? rest[caller].Value : UndefinedValue.Because("No caller defined"));
            if (caller >= 0)
                rest.RemoveAt(caller);
        }

        if (signature.UsesKwargs)
        {
            DictValue kwargs = new(state.Keys);
            foreach ((string name, object? value) in rest)
                kwargs.Set(name, value);
            inner.Set("kwargs", kwargs);
        }
        else if (rest.Count > 0)
        {
            Failure.Throw($"macro '{Name}' takes no keyword argument '{rest[0].Name}'");
        }

        if (signature.UsesVarargs)
            inner.Set("varargs", new TupleValue(extra));
        else if (extra.Length > 0)
            Failure.Throw($"macro '{Name}' takes not more than {signature.Parameters.Length} arguments");
    }
}
