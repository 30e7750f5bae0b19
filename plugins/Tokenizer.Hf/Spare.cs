namespace Tessera.Tokenizer.Hf;

/// <summary>Keeps one working set for the next call; concurrent calls that find it taken create their own.</summary>
internal sealed class Spare<T>(Func<T> create) where T : class
{
    private T? _spare;

    public T Rent() => Interlocked.Exchange(ref _spare, null) ?? create();

    public void Return(T item) => Volatile.Write(ref _spare, item);
}
