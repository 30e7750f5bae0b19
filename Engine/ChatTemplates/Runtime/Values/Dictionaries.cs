namespace Tessera.Engine.ChatTemplates.Runtime.Values;

/// <summary>A Python dict: keeps the order of insertion; 1, 1.0 and True are one key.</summary>
internal sealed class DictValue(KeyComparer keys)
{
    // A dictionary cannot have a null key.
    private static readonly object NoneKey = new();
    private readonly OrderedDictionary<object, object?> _items = new(keys);

    public int Count => _items.Count;

    public IEnumerable<object?> Keys
    {
        get
        {
            foreach (object key in _items.Keys)
                yield return FromKey(key);
        }
    }

    public IEnumerable<(object? Key, object? Value)> Items
    {
        get
        {
            foreach (KeyValuePair<object, object?> item in _items)
                yield return (FromKey(item.Key), item.Value);
        }
    }

    /// <summary>Only for the one who builds the dict.</summary>
    public void Set(object? key, object? value) => _items[key ?? NoneKey] = value;

    public bool TryGet(object? key, out object? value) => _items.TryGetValue(key ?? NoneKey, out value);

    private static object? FromKey(object key) => ReferenceEquals(key, NoneKey) ? null : key;
}

internal enum DictViewKind
{
    Keys,
    Values,
    Items,
}

/// <summary>What dict.keys(), .values() and .items() return.</summary>
internal sealed record DictView(DictValue Dict, DictViewKind Kind)
{
    public IEnumerable<object?> Items => Kind switch
    {
        DictViewKind.Keys => Dict.Keys,
        DictViewKind.Values => Dict.Items.Select(item => item.Value),
        _ => Dict.Items.Select(item => (object?)new TupleValue([item.Key, item.Value])),
    };
}
