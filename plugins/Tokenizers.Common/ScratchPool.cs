namespace Tessera.Tokenizers.Common;

/// <summary>Keeps one working set per tokenizer for the next call; concurrent calls that find it taken create their own.</summary>
public sealed class ScratchPool<T> where T : class, new()
{
    private T? _spare;

    /// <summary>A working set for this thread alone.</summary>
    public T Rent() => Interlocked.Exchange(ref _spare, null) ?? new T();

    /// <summary>Gives it back; the pool keeps one.</summary>
    public void Return(T scratch) => Volatile.Write(ref _spare, scratch);
}
