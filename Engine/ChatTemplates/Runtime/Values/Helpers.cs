namespace Tessera.Engine.ChatTemplates.Runtime.Values;

/// <summary>What cycler() returns: gives its items in turn.</summary>
internal sealed class CyclerValue(object?[] items)
{
    private int _at;

    public object? Current => items[_at];

    public object? Next()
    {
        object? current = Current;
        _at = (_at + 1) % items.Length;
        return current;
    }

    public void Reset() => _at = 0;
}

/// <summary>What joiner() returns: nothing at the first call, then its separator.</summary>
internal sealed class JoinerValue(string separator) : CallableValue
{
    private bool _used;

    public override object? Call(RenderState state, Arguments arguments)
    {
        bool used = _used;
        _used = true;
        return used ? separator : "";
    }
}
