using Tessera.Kernels.Metal.Device;

namespace Tessera.Kernels.Metal.Plan;

/// <summary>The running step's numbers, in memory that both processors see.</summary>
internal sealed unsafe class Step
{
    private readonly DeviceBuffer _tokens, _positions, _types, _slots, _indices, _headNumbers, _hiddenNumbers, _bestNumbers, _bestCounts, _count;
    private readonly DeviceBuffer[] _tables, _copies;
    private readonly int[] _copyCounts, _logitRows;
    private readonly CacheArena[] _groups;
    private readonly int _blockTokens, _tableLength;

    /// <summary>Takes the memory.</summary>
    /// <param name="limits">The most of everything.</param>
    /// <param name="groups">The cache groups.</param>
    /// <param name="tiles">Whether attention takes rows by tiles.</param>
    /// <param name="spans">Whether rows see each other, or sequences are pooled.</param>
    /// <param name="scratch">Owns the memory.</param>
    public Step(RuntimeLimits limits, IReadOnlyList<CacheArena> groups, bool tiles, bool spans, Scratch scratch)
    {
        Spans = spans ? new SequenceSpans(limits, scratch) : null;
        Tiles = tiles ? new RowTiles(limits, scratch) : null;
        _groups = [.. groups];
        (_blockTokens, _tableLength) = (limits.BlockTokens, TableLength(limits));
        long rows = (long)limits.MaxRows * sizeof(int);
        _tokens = scratch.Take(rows, true);
        _positions = scratch.Take(rows, true);
        _types = scratch.Take(rows, true);
        _slots = scratch.Take(rows, true);
        _indices = scratch.Take(rows, true);
        long outputs = (long)limits.MaxOutputs * sizeof(int);
        _headNumbers = scratch.Take(outputs, true);
        _hiddenNumbers = scratch.Take(outputs, true);
        _bestNumbers = scratch.Take(outputs, true);
        _bestCounts = scratch.Take(outputs, true);
        _count = scratch.Take(sizeof(int), true);
        _tables = [.. _groups.Select(_ => scratch.Take((long)limits.MaxSequences * _tableLength * sizeof(int), true))];
        _copies = [.. _groups.Select(_ => scratch.Take((long)limits.MaxRows * _groups.Length * 2 * sizeof(int), true))];
        (_copyCounts, _logitRows) = (new int[_groups.Length], new int[limits.MaxOutputs]);
    }

    /// <summary>How attention takes the rows; null: one by one.</summary>
    public RowTiles? Tiles { get; }

    /// <summary>Where the sequences lie; null: nobody asks.</summary>
    public SequenceSpans? Spans { get; }

    /// <summary>The batch's rows.</summary>
    public int Rows { get; private set; }

    /// <summary>The rows that the head computes: those that want logits or best tokens.</summary>
    public int HeadRows { get; private set; }

    /// <summary>The rows that want logits.</summary>
    public int LogitRows { get; private set; }

    /// <summary>The rows that want best tokens.</summary>
    public int BestRows { get; private set; }

    /// <summary>The rows that want hidden states.</summary>
    public int HiddenRows { get; private set; }

    /// <summary>The batch.</summary>
    public Batch Batch { get; private set; } = null!;

    /// <summary>Each row's index of a look-up.</summary>
    public BufferRange Numbers(EmbedIndex index) => (index switch { EmbedIndex.Token => _tokens, EmbedIndex.Position => _positions, _ => _types }).At(0);

    /// <summary>Each row's slot.</summary>
    public BufferRange Slots => _slots.At(0);

    /// <summary>Each row's cache index.</summary>
    public BufferRange Indices => _indices.At(0);

    /// <summary>The number of rows, for kernels.</summary>
    public BufferRange Count => _count.At(0);

    /// <summary>The numbers of the rows that the head computes.</summary>
    public BufferRange HeadNumbers => _headNumbers.At(0);

    /// <summary>Of the rows that the head computes, those that want best tokens.</summary>
    public BufferRange BestNumbers => _bestNumbers.At(0);

    /// <summary>How many each of them wants.</summary>
    public BufferRange BestCounts => _bestCounts.At(0);

    /// <summary>The numbers of the rows that want hidden states.</summary>
    public BufferRange HiddenNumbers => _hiddenNumbers.At(0);

    /// <summary>Where the head has put the logits of a row that wants them.</summary>
    public int LogitRow(int output) => _logitRows[output];

    /// <summary>How many best tokens a row wants that wants some.</summary>
    public int BestCount(int output) => ((int*)_bestCounts.Contents)[output];

    /// <summary>The block tables of a cache group.</summary>
    public BufferRange Tables(int group) => _tables[group].At(0);

    /// <summary>The block copies of a cache group, pairs of numbers.</summary>
    public BufferRange Copies(int group) => _copies[group].At(0);

    /// <summary>How many there are.</summary>
    public int CopyCount(int group) => _copyCounts[group];

    /// <summary>Entries of a block table.</summary>
    public static int TableLength(RuntimeLimits limits) => (limits.MaxContext + limits.BlockTokens - 1) / limits.BlockTokens;

    /// <summary>The number of rows of a set.</summary>
    public int RowsOf(RowSet set) => set switch { RowSet.All => Rows, RowSet.Head => HeadRows, _ => Spans?.PooledCount ?? 0 };

    /// <summary>Takes a checked batch over.</summary>
    public void Begin(Batch batch)
    {
        Batch = batch;
        Rows = batch.RowCount;
        HeadRows = LogitRows = BestRows = HiddenRows = 0;
        *(int*)_count.Contents = Rows;
        Copy(batch.Tokens, _tokens);
        Copy(batch.Positions, _positions);
        Copy(batch.TokenTypes, _types);
        Copy(batch.Slots, _slots);
        Copy(batch.CacheIndices, _indices);
        int* hidden = (int*)_hiddenNumbers.Contents;
        for (int row = 0; row < Rows; row++)
        {
            Head(batch, row);
            if ((batch.Outputs[row] & RowOutputs.Hidden) != 0)
                hidden[HiddenRows++] = row;
            if (row == Rows - 1 || batch.Slots[row] != batch.Slots[row + 1])
                CopyTables(batch, batch.Slots[row], batch.CacheIndices[row] / _blockTokens + 1);
        }
        Tiles?.Fill(batch);
        Spans?.Fill(batch);
        Array.Clear(_copyCounts);
        for (int i = 0; i < batch.CopyCount; i++)
        {
            BlockCopy copy = batch.Copies[i];
            int* pair = (int*)_copies[copy.Group].Contents + 2 * _copyCounts[copy.Group]++;
            (pair[0], pair[1]) = (_groups[copy.Group].Place(copy.Source), _groups[copy.Group].Place(copy.Destination));
        }
    }

    private void Head(Batch batch, int row)
    {
        RowOutputs wanted = batch.Outputs[row] & (RowOutputs.Logits | RowOutputs.Best);
        if (wanted == 0)
            return;
        if ((wanted & RowOutputs.Logits) != 0)
            _logitRows[LogitRows++] = HeadRows;
        if ((wanted & RowOutputs.Best) != 0)
        {
            ((int*)_bestNumbers.Contents)[BestRows] = HeadRows;
            ((int*)_bestCounts.Contents)[BestRows++] = batch.BestCounts[row];
        }
        ((int*)_headNumbers.Contents)[HeadRows++] = row;
    }

    private void Copy(int* source, DeviceBuffer destination) => Buffer.MemoryCopy(source, destination.Contents, destination.Bytes, (long)Rows * sizeof(int));

    private void CopyTables(Batch batch, int slot, int entries)
    {
        for (int g = 0; g < _groups.Length; g++)
        {
            int* from = batch.BlockTable(g, slot), to = (int*)_tables[g].Contents + (long)slot * _tableLength;
            for (int i = 0; i < entries; i++)
                to[i] = _groups[g].Place(from[i]);
        }
    }
}
