using System.Diagnostics.CodeAnalysis;

namespace Tessera.Kernels.Common;

/// <summary>Refuses a batch that would make a kernel read or write where it must not.</summary>
/// <param name="graph">The graph.</param>
/// <param name="limits">The sizes that there is memory for.</param>
/// <param name="groups">The cache groups.</param>
/// <param name="maxBest">The most best tokens that a row may want; 0: the runtime chooses none.</param>
internal sealed unsafe class BatchCheck(ModelGraph graph, RuntimeLimits limits, IReadOnlyList<IBlockGroup> groups, int maxBest = 0)
{
    private readonly int _tokens = Math.Min(graph.VocabularySize, Rows(graph, EmbedIndex.Token));
    private readonly int _positions = Rows(graph, EmbedIndex.Position), _types = Rows(graph, EmbedIndex.TokenType);
    private readonly bool _whole = graph.NeedsWholeSequences;
    private readonly int[] _seen = new int[limits.MaxSequences];
    private int _stamp;

    /// <summary>Checks sizes, ids, the order of rows and every block that will be touched.</summary>
    /// <exception cref="TesseraException">A rule is broken; the text names the row, copy or block.</exception>
    public void Require(Batch batch)
    {
        if (batch.GroupCount != groups.Count)
            Fail($"expected {groups.Count} cache groups, found {batch.GroupCount}");
        if (batch.MaxSequences > limits.MaxSequences)
            Fail($"made for {batch.MaxSequences} sequences, the runtime for {limits.MaxSequences}");
        if (batch.RowCount < 0 || batch.RowCount > limits.MaxRows || batch.RowCount > batch.MaxRows)
            Fail($"expected 0 to {Math.Min(limits.MaxRows, batch.MaxRows)} rows, found {batch.RowCount}");
        Copies(batch);
        _stamp = unchecked(_stamp + 1);
        int logits = 0, hidden = 0, pooled = 0;
        for (int row = 0; row < batch.RowCount; row++)
        {
            Row(batch, row);
            for (int g = 0; g < groups.Count; g++)
                Blocks(batch, row, g);
            logits += (batch.Outputs[row] & (RowOutputs.Logits | RowOutputs.Best)) != 0 ? 1 : 0;
            hidden += (batch.Outputs[row] & RowOutputs.Hidden) != 0 ? 1 : 0;
            pooled += (batch.Outputs[row] & RowOutputs.Pooled) != 0 ? 1 : 0;
        }
        if (logits > limits.MaxOutputs || hidden > limits.MaxOutputs)
            Fail($"{logits} rows want logits or best tokens and {hidden} hidden states, the runtime has room for {limits.MaxOutputs} of each");
        if (logits > 0 && graph.Logits is null)
            Fail("a row wants logits or best tokens, the graph has no head");
        if (pooled > 0 && graph.Pooled is null)
            Fail("a row wants a pooled vector, the graph does not pool");
    }

    /// <summary>The indices that every lookup of a kind has a row for.</summary>
    private static int Rows(ModelGraph graph, EmbedIndex index) =>
        (int)graph.Nodes.OfType<EmbedNode>().Where(n => n.Index == index).Select(n => Math.Min(n.Weight.Rows - n.Offset, int.MaxValue)).DefaultIfEmpty(int.MaxValue).Min();

    private void Copies(Batch batch)
    {
        int most = batch.MaxRows * Math.Max(1, batch.GroupCount);
        if (batch.CopyCount < 0 || batch.CopyCount > most)
            Fail($"expected 0 to {most} block copies, found {batch.CopyCount}");
        for (int i = 0; i < batch.CopyCount; i++)
        {
            BlockCopy copy = batch.Copies[i];
            if ((uint)copy.Group >= (uint)groups.Count)
                Fail($"copy {i}: there is no cache group {copy.Group}");
            int count = groups[copy.Group].Count;
            if ((uint)copy.Source >= (uint)count || (uint)copy.Destination >= (uint)count)
                Fail($"copy {i}: block {copy.Source} to {copy.Destination}, cache group {copy.Group} has {count} blocks");
            if (copy.Source == copy.Destination)
                Fail($"copy {i}: block {copy.Source} of cache group {copy.Group} onto itself");
        }
    }

    private void Row(Batch batch, int row)
    {
        int slot = batch.Slots[row], index = batch.CacheIndices[row];
        if ((uint)batch.Tokens[row] >= (uint)_tokens)
            Fail($"row {row}: expected a token from 0 to {_tokens - 1}, found {batch.Tokens[row]}");
        if (batch.Positions[row] < 0)
            Fail($"row {row}: position {batch.Positions[row]} is negative");
        if (batch.Positions[row] >= _positions)
            Fail($"row {row}: expected a position from 0 to {_positions - 1}, found {batch.Positions[row]}");
        if (_types != int.MaxValue && (uint)batch.TokenTypes[row] >= (uint)_types)
            Fail($"row {row}: expected a token type from 0 to {_types - 1}, found {batch.TokenTypes[row]}");
        if ((uint)slot >= (uint)batch.MaxSequences)
            Fail($"row {row}: expected a slot from 0 to {batch.MaxSequences - 1}, found {slot}");
        if (batch.PlannedTokens[slot] < 0)
            Fail($"row {row}: slot {slot} is planned for {batch.PlannedTokens[slot]} tokens");
        if ((uint)index >= (uint)limits.MaxContext || index / limits.BlockTokens >= batch.BlockTableLength)
            Fail($"row {row}: expected a cache index from 0 to {limits.MaxContext - 1}, found {index}");
        bool follows = row > 0 && batch.Slots[row - 1] == slot;
        if (_whole && index != (follows ? batch.CacheIndices[row - 1] + 1 : 0))
            Fail($"row {row}: cache index {index} of slot {slot} {(follows ? $"follows {batch.CacheIndices[row - 1]}" : "is its first")}; the graph needs whole sequences, from 0 on without gaps");
        if ((batch.Outputs[row] & RowOutputs.Pooled) != 0 && row + 1 < batch.RowCount && batch.Slots[row + 1] == slot)
            Fail($"row {row}: it wants a pooled vector and is not the last row of slot {slot}");
        if ((batch.Outputs[row] & RowOutputs.Best) != 0 && (uint)(batch.BestCounts[row] - 1) >= (uint)maxBest)
            Fail(maxBest == 0 ? $"row {row}: it wants best tokens, the runtime chooses none" : $"row {row}: expected 1 to {maxBest} best tokens, found {batch.BestCounts[row]}");
        if (follows)
        {
            if (index <= batch.CacheIndices[row - 1])
                Fail($"row {row}: cache index {index} of slot {slot} follows {batch.CacheIndices[row - 1]}; they must ascend");
        }
        else if (_seen[slot] == _stamp)
            Fail($"row {row}: the rows of slot {slot} do not stand together");
        _seen[slot] = _stamp;
    }

    private void Blocks(Batch batch, int row, int group)
    {
        int index = batch.CacheIndices[row];
        CacheGroup kind = groups[group].Group;
        int first = kind.Kind == CacheKind.Window ? Math.Max(0, index - kind.Window + 1) / limits.BlockTokens : 0;
        // The row before, if of the same sequence, has looked at the blocks up to its own.
        if (row > 0 && batch.Slots[row - 1] == batch.Slots[row])
            first = Math.Max(first, batch.CacheIndices[row - 1] / limits.BlockTokens);
        int* table = batch.BlockTable(group, batch.Slots[row]);
        int count = groups[group].Count;
        for (int i = first; i <= index / limits.BlockTokens; i++)
            if ((uint)table[i] >= (uint)count)
                Fail($"row {row}: entry {i} of slot {batch.Slots[row]}'s block table is {table[i]}, cache group {group} has {count} blocks");
    }

    [DoesNotReturn]
    private static void Fail(string what) => throw new TesseraException($"batch: {what}");
}
