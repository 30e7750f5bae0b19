using Tessera.Conformance.Batches;

namespace Tessera.Conformance.Interpreter;

/// <summary>Attention over the paged caches.</summary>
internal sealed unsafe partial class NodeInterpreter
{
    private void WriteCache(AttentionNode n, Batch batch)
    {
        (int group, ReferenceCache cache) = _caches[n.Cache];
        for (int row = 0; row < batch.RowCount; row++)
        {
            (int block, int offset) = Place(batch, group, row, batch.CacheIndices[row]);
            for (int h = 0; h < n.KeyHeads; h++)
            {
                Row(n.Key, row).Slice(h * n.KeyLength, n.KeyLength).CopyTo(cache.Key(block, offset, h));
                Row(n.Value, row).Slice(h * n.ValueLength, n.ValueLength).CopyTo(cache.Value(block, offset, h));
            }
        }
    }

    private void Attend(AttentionNode n, Batch batch, int row)
    {
        (int group, ReferenceCache cache) = _caches[n.Cache];
        int last = batch.CacheIndices[row];
        int first = BatchRules.FirstVisible(_graph.CacheGroups[group], last);
        int visible = last - first + 1;
        // A sink's score takes part behind the entries'.
        Span<double> scores = _scores.AsSpan(0, visible + (n.Sinks is null ? 0 : 1));
        for (int h = 0; h < n.Heads; h++)
        {
            int keyHead = h / (n.Heads / n.KeyHeads);
            ReadOnlySpan<double> query = Row(n.Query, row).Slice(h * n.KeyLength, n.KeyLength);
            for (int i = 0; i < visible; i++)
            {
                (int block, int offset) = Place(batch, group, row, first + i);
                ReadOnlySpan<double> key = cache.Key(block, offset, keyHead);
                double score = 0;
                for (int j = 0; j < query.Length; j++)
                    score += query[j] * key[j];
                scores[i] = Formulas.SoftCap(score * n.Scale, n.SoftCap);
            }
            if (n.Sinks is not null)
                scores[visible] = _weights.All(n.Sinks)[h];
            Formulas.Softmax(scores);
            Span<double> output = Row(n.Output, row).Slice(h * n.ValueLength, n.ValueLength);
            output.Clear();
            for (int i = 0; i < visible; i++)
            {
                (int block, int offset) = Place(batch, group, row, first + i);
                ReadOnlySpan<double> value = cache.Value(block, offset, keyHead);
                for (int j = 0; j < output.Length; j++)
                    output[j] += scores[i] * value[j];
            }
        }
    }

    private (int Block, int Offset) Place(Batch batch, int group, int row, int cacheIndex) =>
        (batch.BlockTable(group, batch.Slots[row])[cacheIndex / _blockTokens], cacheIndex % _blockTokens);
}
