using System.Diagnostics.CodeAnalysis;

namespace Tessera.Conformance.Batches;

/// <summary>What every batch must keep: ids, slots, order, limits and block numbers in range.</summary>
/// <param name="graph">The graph.</param>
/// <param name="limits">The sizes.</param>
/// <param name="maxBest">The most best tokens that a row may want; 0: the runtime chooses none.</param>
internal sealed unsafe class BatchRules(ModelGraph graph, RuntimeLimits limits, int maxBest = 0)
{
    private readonly bool[] _seen = new bool[limits.MaxSequences];
    private readonly EmbedNode[] _lookups = [.. graph.Nodes.OfType<EmbedNode>()];
    private readonly bool _whole = graph.NeedsWholeSequences;

    /// <summary>Refuses a batch that breaks a rule; the text names the row, block or copy.</summary>
    /// <exception cref="TesseraException">A rule is broken.</exception>
    public void Require(Batch batch, BlockAccount blocks)
    {
        if (batch.GroupCount != graph.CacheGroups.Count)
            Fail($"the batch has {batch.GroupCount} cache groups, the graph has {graph.CacheGroups.Count}");
        if (batch.MaxSequences > limits.MaxSequences)
            Fail($"the batch is made for {batch.MaxSequences} sequences, the runtime for {limits.MaxSequences}");
        if (batch.RowCount < 0 || batch.RowCount > limits.MaxRows)
            Fail($"{batch.RowCount} rows, the runtime was built for {limits.MaxRows}");
        Copies(batch, blocks);
        Array.Clear(_seen);
        int logits = 0, hidden = 0, pooled = 0;
        for (int row = 0; row < batch.RowCount; row++)
        {
            Row(batch, row);
            Blocks(batch, row, blocks);
            logits += (batch.Outputs[row] & (RowOutputs.Logits | RowOutputs.Best)) != 0 ? 1 : 0;
            hidden += (batch.Outputs[row] & RowOutputs.Hidden) != 0 ? 1 : 0;
            pooled += (batch.Outputs[row] & RowOutputs.Pooled) != 0 ? 1 : 0;
        }
        if (logits > limits.MaxOutputs || hidden > limits.MaxOutputs)
            Fail($"{logits} rows want logits or best tokens and {hidden} hidden states, the runtime was built for {limits.MaxOutputs} of each");
        if (logits > 0 && graph.Logits is null)
            Fail("a row wants logits or best tokens, the graph has no head");
        if (pooled > 0 && graph.Pooled is null)
            Fail("a row wants a pooled vector, the graph does not pool");
    }

    /// <summary>The first cache index that a row sees in a group.</summary>
    public static int FirstVisible(CacheGroup group, int cacheIndex) =>
        group.Kind == CacheKind.Window ? Math.Max(0, cacheIndex - group.Window + 1) : 0;

    /// <summary>The row of its weight that a node looks up.</summary>
    public static long Index(EmbedNode node, Batch batch, int row) => node.Offset + (long)(node.Index switch
    {
        EmbedIndex.Token => batch.Tokens[row],
        EmbedIndex.Position => batch.Positions[row],
        _ => batch.TokenTypes[row],
    });

    private static void Copies(Batch batch, BlockAccount blocks)
    {
        int most = batch.MaxRows * Math.Max(1, batch.GroupCount);
        if (batch.CopyCount < 0 || batch.CopyCount > most)
            Fail($"{batch.CopyCount} block copies, the batch holds {most}");
        for (int i = 0; i < batch.CopyCount; i++)
        {
            BlockCopy copy = batch.Copies[i];
            if ((uint)copy.Group >= (uint)batch.GroupCount)
                Fail($"copy {i}: there is no cache group {copy.Group}");
            int count = blocks.Count(copy.Group);
            if ((uint)copy.Source >= (uint)count || (uint)copy.Destination >= (uint)count)
                Fail($"copy {i}: block {copy.Source} to {copy.Destination} of group {copy.Group}, which has {count} blocks");
            if (copy.Source == copy.Destination)
                Fail($"copy {i}: block {copy.Source} of group {copy.Group} onto itself");
            for (int j = 0; j < i; j++)
                if (batch.Copies[j].Group == copy.Group && batch.Copies[j].Destination == copy.Destination)
                    Fail($"copies {j} and {i} both write block {copy.Destination} of group {copy.Group}");
        }
    }

    private void Row(Batch batch, int row)
    {
        if ((uint)batch.Tokens[row] >= (uint)graph.VocabularySize)
            Fail($"row {row}: token {batch.Tokens[row]} is not in 0 to {graph.VocabularySize - 1}");
        if (batch.Positions[row] < 0)
            Fail($"row {row}: position {batch.Positions[row]} is negative");
        foreach (EmbedNode lookup in _lookups)
        {
            long index = Index(lookup, batch, row);
            if (index < 0 || index >= lookup.Weight.Rows)
                Fail($"row {row}: {lookup.Index} {index - lookup.Offset} is looked up in row {index} of tensor '{lookup.Weight.Name}', which has {lookup.Weight.Rows}");
        }
        if ((uint)batch.CacheIndices[row] >= (uint)limits.MaxContext)
            Fail($"row {row}: cache index {batch.CacheIndices[row]} is not in 0 to {limits.MaxContext - 1}");
        int slot = batch.Slots[row];
        if ((uint)slot >= (uint)batch.MaxSequences)
            Fail($"row {row}: slot {slot} is not in 0 to {batch.MaxSequences - 1}");
        if (batch.PlannedTokens[slot] < 0)
            Fail($"row {row}: slot {slot} is planned for {batch.PlannedTokens[slot]} tokens");
        if ((batch.Outputs[row] & ~(RowOutputs.Logits | RowOutputs.Hidden | RowOutputs.Pooled | RowOutputs.Best)) != 0)
            Fail($"row {row}: outputs {(int)batch.Outputs[row]} has unknown flags");
        if ((batch.Outputs[row] & RowOutputs.Best) != 0 && (uint)(batch.BestCounts[row] - 1) >= (uint)maxBest)
            Fail($"row {row}: {batch.BestCounts[row]} best tokens are wanted, the runtime chooses {maxBest} at most");
        if ((batch.Outputs[row] & RowOutputs.Pooled) != 0 && row + 1 < batch.RowCount && batch.Slots[row + 1] == slot)
            Fail($"row {row}: it wants a pooled vector and is not the last row of slot {slot}");
        bool follows = row > 0 && batch.Slots[row - 1] == slot;
        if (_whole && batch.CacheIndices[row] != (follows ? batch.CacheIndices[row - 1] + 1 : 0))
            Fail($"row {row}: cache index {batch.CacheIndices[row]} of slot {slot} {(follows ? $"follows {batch.CacheIndices[row - 1]}" : "is its first")}; the graph needs whole sequences, from 0 on without gaps");
        if (follows)
        {
            if (batch.CacheIndices[row] <= batch.CacheIndices[row - 1])
                Fail($"row {row}: cache index {batch.CacheIndices[row]} of slot {slot} follows {batch.CacheIndices[row - 1]}; they must ascend");
        }
        else if (_seen[slot])
            Fail($"row {row}: the rows of slot {slot} do not stand together");
        _seen[slot] = true;
    }

    private void Blocks(Batch batch, int row, BlockAccount blocks)
    {
        int last = batch.CacheIndices[row] / limits.BlockTokens;
        for (int g = 0; g < batch.GroupCount; g++)
        {
            int* table = batch.BlockTable(g, batch.Slots[row]);
            int first = FirstVisible(graph.CacheGroups[g], batch.CacheIndices[row]) / limits.BlockTokens;
            // An earlier row of the same sequence has looked at the blocks before its own last one.
            if (row > 0 && batch.Slots[row - 1] == batch.Slots[row])
                first = Math.Max(first, batch.CacheIndices[row - 1] / limits.BlockTokens);
            for (int i = first; i <= last; i++)
                if ((uint)table[i] >= (uint)blocks.Count(g))
                    Fail($"row {row}: block table of slot {batch.Slots[row]}, group {g}, entry {i} is block {table[i]}; there are {blocks.Count(g)} blocks");
        }
    }

    [DoesNotReturn]
    private static void Fail(string what) => throw new TesseraException($"batch: {what}");
}
