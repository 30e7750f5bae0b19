using Tessera.Kernels.Metal.Device;

namespace Tessera.Kernels.Metal.Plan;

/// <summary>Where the sequences of a step lie in the batch: pairs of a first row and the one behind the last, for each row, and for each row that wants its sequence's vector.</summary>
internal sealed unsafe class SequenceSpans(RuntimeLimits limits, Scratch scratch)
{
    private readonly DeviceBuffer _rows = scratch.Take((long)limits.MaxRows * 2 * sizeof(int), true), _pooled = scratch.Take((long)limits.MaxRows * 2 * sizeof(int), true);

    /// <summary>Those of the rows.</summary>
    public BufferRange Rows => _rows.At(0);

    /// <summary>Those of the rows that want vectors.</summary>
    public BufferRange Pooled => _pooled.At(0);

    /// <summary>The rows that want vectors.</summary>
    public int PooledCount { get; private set; }

    /// <summary>Finds them.</summary>
    public void Fill(Batch batch)
    {
        int* rows = (int*)_rows.Contents, pooled = (int*)_pooled.Contents;
        PooledCount = 0;
        for (int first = 0, end; first < batch.RowCount; first = end)
        {
            for (end = first + 1; end < batch.RowCount && batch.Slots[end] == batch.Slots[first];)
                end++;
            for (int row = first; row < end; row++)
            {
                (rows[2 * row], rows[2 * row + 1]) = (first, end);
                if ((batch.Outputs[row] & RowOutputs.Pooled) == 0)
                    continue;
                (pooled[2 * PooledCount], pooled[2 * PooledCount + 1]) = (first, end);
                PooledCount++;
            }
        }
    }
}
