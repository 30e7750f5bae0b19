namespace Tessera.Conformance.Batches;

/// <summary>How many blocks each cache group has, against the budget.</summary>
internal sealed class BlockAccount(IMemoryBudget budget, long[] blockBytes) : IDisposable
{
    private readonly int[] _counts = new int[blockBytes.Length];

    /// <summary>Bytes of one block of a group.</summary>
    public long Bytes(int group) => blockBytes[group];

    /// <summary>The blocks of a group.</summary>
    public int Count(int group) => _counts[group];

    /// <summary>Takes the bytes of more blocks from the budget, or returns false.</summary>
    public bool TryGrow(int group, int blocks)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(blocks);
        if (blocks > int.MaxValue - _counts[group] || !budget.TryReserve(checked(blocks * blockBytes[group])))
            return false;
        _counts[group] += blocks;
        return true;
    }

    /// <summary>Gives the bytes of the highest blocks back.</summary>
    /// <exception cref="TesseraException">The group has fewer.</exception>
    public void Shrink(int group, int blocks)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(blocks);
        if (blocks > _counts[group])
            throw new TesseraException($"cache group {group}: cannot give back {blocks} blocks, it has {_counts[group]}");
        _counts[group] -= blocks;
        budget.Release(blocks * blockBytes[group]);
    }

    /// <summary>Gives all back.</summary>
    public void Dispose()
    {
        for (int g = 0; g < _counts.Length; g++)
            Shrink(g, _counts[g]);
    }
}
