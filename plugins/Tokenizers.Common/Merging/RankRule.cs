namespace Tessera.Tokenizers.Common.Merging;

/// <summary>Merges by a table of pairs: the rank in a value's upper half, the merged id in its lower.</summary>
public readonly struct RankRule(PairTable table) : IMergeRule
{
    /// <inheritdoc/>
    public bool TryMerge(int left, int right, int start, int end, out uint priority, out int merged)
    {
        long found = (left | right) < 0 ? -1 : table.Find(left, right);
        (priority, merged) = ((uint)(found >> 32), (int)found);
        return found >= 0;
    }
}
