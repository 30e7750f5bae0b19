namespace Tessera.Engine.ChatTemplates.Runtime.Values;

/// <summary>A value with a length and items by number.</summary>
internal interface ISequenceValue
{
    int Count { get; }

    object? this[int index] { get; }
}

/// <summary>A Python list; the sandbox lets nobody change it.</summary>
internal sealed class ListValue(IReadOnlyList<object?> items) : ISequenceValue
{
    public static ListValue Empty { get; } = new([]);

    public int Count => items.Count;

    public object? this[int index] => items[index];
}

/// <summary>A Python tuple; fields name the items of a named tuple, as groupby makes.</summary>
internal sealed class TupleValue(object?[] items, string[]? fields = null) : ISequenceValue
{
    public int Count => items.Length;

    public string[]? Fields => fields;

    public object? this[int index] => items[index];
}

/// <summary>A Python range.</summary>
internal sealed class RangeValue(long start, long stop, long step, int count) : ISequenceValue
{
    public int Count => count;

    public long Start => start;

    public long Stop => stop;

    public long Step => step;

    public object? this[int index] => start + (index * step);
}
