namespace Tessera.Conformance.Batches;

/// <summary>Remembers for which planned length each cache entry was rotated. A row must not see an entry that was rotated otherwise than its own sequence is; a graph whose rotations do not depend on length costs nothing.</summary>
internal sealed unsafe class WrittenRotations(ModelGraph graph, int blockTokens)
{
    private const int Nobody = -1;
    private readonly RopeTable[] _tables = [.. graph.Nodes.OfType<RopeNode>().Select(n => n.Table).Where(t => t.Long is not null || t.Stretch is not null).Distinct()];
    private readonly List<int>[] _planned = [.. graph.CacheGroups.Select(_ => new List<int>())];

    /// <summary>Sets the number of blocks of a group; new ones were rotated for nobody.</summary>
    public void Resize(int group, int blocks)
    {
        if (_tables.Length == 0)
            return;
        List<int> planned = _planned[group];
        int count = blocks * blockTokens;
        if (count < planned.Count)
            planned.RemoveRange(count, planned.Count - count);
        while (planned.Count < count)
            planned.Add(Nobody);
    }

    /// <summary>Takes in what a checked batch copies and writes, then looks at what its rows see.</summary>
    /// <returns>What is wrong, or null.</returns>
    public string? Apply(Batch batch)
    {
        if (_tables.Length == 0)
            return null;
        for (int i = 0; i < batch.CopyCount; i++)
            for (int offset = 0; offset < blockTokens; offset++)
                _planned[batch.Copies[i].Group][batch.Copies[i].Destination * blockTokens + offset] = _planned[batch.Copies[i].Group][batch.Copies[i].Source * blockTokens + offset];
        for (int g = 0; g < _planned.Length; g++)
            for (int row = 0; row < batch.RowCount; row++)
                _planned[g][Place(batch, g, row, batch.CacheIndices[row])] = batch.PlannedTokens[batch.Slots[row]];
        for (int g = 0; g < _planned.Length; g++)
            for (int row = 0; row < batch.RowCount; row++)
                if (Look(batch, g, row) is { } problem)
                    return problem;
        return null;
    }

    private string? Look(Batch batch, int group, int row)
    {
        int own = batch.PlannedTokens[batch.Slots[row]], last = batch.CacheIndices[row];
        for (int i = BatchRules.FirstVisible(graph.CacheGroups[group], last); i < last; i++)
        {
            int planned = _planned[group][Place(batch, group, row, i)];
            if (planned == own || planned == Nobody)
                continue;
            foreach (RopeTable table in _tables)
                if (table.Differs(planned, own))
                    return $"row {row} (slot {batch.Slots[row]}) of a sequence planned for {own} tokens sees cache index {i} of group {group} as it was rotated for {planned}";
        }
        return null;
    }

    private int Place(Batch batch, int group, int row, int cacheIndex) =>
        batch.BlockTable(group, batch.Slots[row])[cacheIndex / blockTokens] * blockTokens + cacheIndex % blockTokens;
}
