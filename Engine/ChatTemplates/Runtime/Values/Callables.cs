namespace Tessera.Engine.ChatTemplates.Runtime.Values;

/// <summary>A value that a template can call.</summary>
internal abstract class CallableValue
{
    public abstract object? Call(RenderState state, Arguments arguments);
}

/// <summary>The body of a built-in function; self is the value that a method or filter works on.</summary>
internal delegate object? NativeBody(RenderState state, object? self, Arguments arguments);

/// <summary>A built-in function, method, filter or test: its parameters by name ("a, b"), or "*" for any.</summary>
internal sealed class Native(string name, string parameters, NativeBody body)
{
    private readonly string[]? _parameters = parameters == "*" ? null : parameters.Split(", ", StringSplitOptions.RemoveEmptyEntries);

    public string Name => name;

    public object? Invoke(RenderState state, object? self, Arguments arguments) =>
        body(state, self, _parameters is null ? arguments : arguments.Bind(name, _parameters));
}

/// <summary>A built-in function with the value that it belongs to.</summary>
internal sealed class NativeValue(Native native, object? self) : CallableValue
{
    public string Name => native.Name;

    public override object? Call(RenderState state, Arguments arguments) => native.Invoke(state, self, arguments);
}
