namespace Tessera.Engine.ChatTemplates.Runtime.Values;

/// <summary>What a missing variable or attribute gives: prints as nothing, is false, and fails in most other uses.</summary>
internal sealed class UndefinedValue(string name, string? owner = null, string? reason = null)
{
    /// <summary>Why it is missing.</summary>
    public string Reason => reason ?? (owner is null ? $"'{name}' is undefined" : $"'{owner}' has no attribute '{name}'");

    /// <summary>Whether it is there, but no template may have it: then it does not print either.</summary>
    public bool IsRefused { get; private init; }

    public static UndefinedValue Because(string reason) => new("", null, reason);

    public static UndefinedValue Refused(string reason) => new("", null, reason) { IsRefused = true };
}

/// <summary>What namespace() returns: the only value whose attributes can be set.</summary>
internal sealed class NamespaceValue
{
    public Dictionary<string, object?> Attributes { get; } = [];
}

/// <summary>A Python generator: its items come once.</summary>
internal sealed class GeneratorValue(RenderState state, IEnumerable<object?> items)
{
    private readonly IEnumerator<object?> _items = items.GetEnumerator();

    public bool TryNext(out object? item)
    {
        // A generator may read another, and that one the next.
        state.Budget.Enter();
        bool any = _items.MoveNext();
        state.Budget.Leave();
        item = any ? _items.Current : null;
        return any;
    }
}

/// <summary>A slice in an index: x[start:stop:step].</summary>
internal sealed record SliceValue(object? Start, object? Stop, object? Step);
