namespace Tessera.Host.Compute;

/// <summary>A number of bytes that the KV caches of all runtimes share.</summary>
public sealed class SharedBudget : IMemoryBudget
{
    private long _used;

    /// <summary>A budget of so many bytes.</summary>
    public SharedBudget(long capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        Capacity = capacity;
    }

    /// <summary>The bytes in all.</summary>
    public long Capacity { get; }

    /// <summary>The bytes that are taken.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <inheritdoc/>
    public bool TryReserve(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        while (true)
        {
            long used = Used;
            if (bytes > Capacity - used)
                return false;
            if (Interlocked.CompareExchange(ref _used, used + bytes, used) == used)
                return true;
        }
    }

    /// <inheritdoc/>
    public void Release(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        if (Interlocked.Add(ref _used, -bytes) < 0)
            throw new InvalidOperationException($"{bytes} bytes were given back, more than were taken");
    }
}
