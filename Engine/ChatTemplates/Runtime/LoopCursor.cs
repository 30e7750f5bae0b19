namespace Tessera.Engine.ChatTemplates.Runtime;

/// <summary>Walks a loop's items lazily, but can look ahead when the template asks.</summary>
internal sealed class LoopCursor(IEnumerable<object?> items, int? length)
{
    private readonly IEnumerator<object?> _items = items.GetEnumerator();
    private readonly Queue<object?> _ahead = new();
    private int? _length = length;
    private int _taken;

    public object? Current { get; private set; }

    public object? Previous { get; private set; }

    public int Index => _taken - 1;

    public bool MoveNext()
    {
        if (!Peek(out object? next))
            return false;
        _ahead.Dequeue();
        (Previous, Current) = (Current, next);
        _taken++;
        return true;
    }

    public bool Peek(out object? next)
    {
        if (_ahead.Count == 0 && _items.MoveNext())
            _ahead.Enqueue(_items.Current);
        return _ahead.TryPeek(out next);
    }

    public int Length(RenderState state)
    {
        if (_length is null)
        {
            while (_items.MoveNext())
            {
                Iteration.Reserve(state, _ahead.Count);
                _ahead.Enqueue(_items.Current);
            }

            _length = _taken + _ahead.Count;
        }

        return _length.Value;
    }
}
