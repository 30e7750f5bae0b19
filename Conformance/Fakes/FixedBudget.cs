namespace Tessera.Conformance.Fakes;

/// <summary>A budget of a fixed number of bytes. Thread-safe.</summary>
/// <param name="limit">The bytes that there are.</param>
public sealed class FixedBudget(long limit = long.MaxValue) : IMemoryBudget
{
    private readonly Lock _lock = new();
    private long _limit = limit;

    /// <summary>The bytes that there are; may be changed at any time, also below what is reserved.</summary>
    public long Limit
    {
        get { lock (_lock) return _limit; }
        set { lock (_lock) _limit = value; }
    }

    /// <summary>The bytes that are taken.</summary>
    public long Reserved { get { lock (_lock) return field; } private set; }

    /// <summary>How often <see cref="TryReserve"/> said no.</summary>
    public int Refused { get { lock (_lock) return field; } private set; }

    /// <inheritdoc/>
    public bool TryReserve(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        lock (_lock)
        {
            if (bytes > _limit - Reserved)
            {
                Refused++;
                return false;
            }
            Reserved += bytes;
            return true;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">More is given back than was taken.</exception>
    public void Release(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        lock (_lock)
        {
            if (bytes > Reserved)
                throw new InvalidOperationException($"budget: {bytes} bytes given back, {Reserved} were taken");
            Reserved -= bytes;
        }
    }
}
