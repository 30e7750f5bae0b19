using System.Diagnostics.CodeAnalysis;

namespace Tessera.Conformance.Batches;

/// <summary>What every batch must keep: ids, slots, order, limits and block numbers in range.</summary>
internal sealed unsafe class BatchRules(ModelGraph graph, RuntimeLimits limits)
{
    private readonly bool[] _seen = new bool[limits.MaxSequences];

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
        int logits = 0, hidden = 0;
        for (int row = 0; row < batch.RowCount; row++)
        {
            Row(batch, row);
            Blocks(batch, row, blocks);
            logits += (batch.Outputs[row] & RowOutputs.Logits) != 0 ? 1 : 0;
            hidden += (batch.Outputs[row] & RowOutputs.Hidden) != 0 ? 1 : 0;
        }
        if (logits > limits.MaxOutputs || hidden > limits.MaxOutputs)
            Fail($"{logits} rows want logits and {hidden} hidden states, the runtime was built for {limits.MaxOutputs} of each");
        if (logits > 0 && graph.Logits is null)
            Fail("a row wants logits, the graph has no head");
    }

    /// <summary>The first cache index that a row sees in a group.</summary>
    public static int FirstVisible(CacheGroup group, int cacheIndex) =>
        group.Kind == CacheKind.Window ? Math.Max(0, cacheIndex - group.Window + 1) : 0;

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
        if ((uint)batch.CacheIndices[row] >= (uint)limits.MaxContext)
            Fail($"row {row}: cache index {batch.CacheIndices[row]} is not in 0 to {limits.MaxContext - 1}");
        int slot = batch.Slots[row];
        if ((uint)slot >= (uint)batch.MaxSequences)
            Fail($"row {row}: slot {slot} is not in 0 to {batch.MaxSequences - 1}");
        if (batch.PlannedTokens[slot] < 0)
            Fail($"row {row}: slot {slot} is planned for {batch.PlannedTokens[slot]} tokens");
        if ((batch.Outputs[row] & ~(RowOutputs.Logits | RowOutputs.Hidden)) != 0)
            Fail($"row {row}: outputs {(int)batch.Outputs[row]} has unknown flags");
        if (row > 0 && batch.Slots[row - 1] == slot)
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
