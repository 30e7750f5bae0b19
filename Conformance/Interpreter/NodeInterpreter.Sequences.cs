namespace Tessera.Conformance.Interpreter;

/// <summary>What rows of one sequence do together, without a cache.</summary>
internal sealed unsafe partial class NodeInterpreter
{
    private void Attend(BidirectionalAttentionNode n, Batch batch, int row)
    {
        (int first, int end) = Sequence(batch, row);
        if (n.Reach > 0)
            (first, end) = (Math.Max(first, row - n.Reach), Math.Min(end, row + n.Reach + 1));
        Span<double> scores = _scores.AsSpan(0, end - first);
        for (int h = 0; h < n.Heads; h++)
        {
            int keyHead = h / (n.Heads / n.KeyHeads);
            ReadOnlySpan<double> query = Row(n.Query, row).Slice(h * n.KeyLength, n.KeyLength);
            for (int i = 0; i < scores.Length; i++)
            {
                ReadOnlySpan<double> key = Row(n.Key, first + i).Slice(keyHead * n.KeyLength, n.KeyLength);
                double score = 0;
                for (int j = 0; j < query.Length; j++)
                    score += query[j] * key[j];
                scores[i] = score * n.Scale;
            }
            Formulas.Softmax(scores);
            Span<double> output = Row(n.Output, row).Slice(h * n.ValueLength, n.ValueLength);
            output.Clear();
            for (int i = 0; i < scores.Length; i++)
            {
                ReadOnlySpan<double> value = Row(n.Value, first + i).Slice(keyHead * n.ValueLength, n.ValueLength);
                for (int j = 0; j < output.Length; j++)
                    output[j] += scores[i] * value[j];
            }
        }
    }

    private void Pool(PoolNode n, Batch batch, int row)
    {
        (int first, int end) = Sequence(batch, row);
        (first, end) = n.Kind switch
        {
            PoolingKind.First => (first, first + 1),
            PoolingKind.Last => (end - 1, end),
            _ => (first, end),
        };
        Span<double> mean = Row(n.Output, row);
        mean.Clear();
        for (int i = first; i < end; i++)
        {
            ReadOnlySpan<double> x = Row(n.Input, i);
            for (int j = 0; j < mean.Length; j++)
                mean[j] += x[j] / (end - first);
        }
    }

    // The rows of the batch that are of a row's sequence.
    private static (int First, int End) Sequence(Batch batch, int row)
    {
        int first = row, end = row + 1;
        while (first > 0 && batch.Slots[first - 1] == batch.Slots[row])
            first--;
        while (end < batch.RowCount && batch.Slots[end] == batch.Slots[row])
            end++;
        return (first, end);
    }
}
