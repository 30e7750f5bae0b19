using Tessera.Kernels.Metal.Device;

namespace Tessera.Kernels.Metal.Plan;

/// <summary>How attention takes a step's rows: tiles of rows of one sequence where there are several, else row by row.</summary>
internal sealed unsafe class RowTiles
{
    /// <summary>The most rows of a tile.</summary>
    public const int TileRows = 8;

    /// <summary>From so many rows of a sequence on they are taken by tiles.</summary>
    public const int TileFrom = 5;

    private readonly DeviceBuffer _tiles;
    private readonly (int First, int Count)[] _runs;

    /// <summary>Takes the memory for the most rows.</summary>
    public RowTiles(RuntimeLimits limits, Scratch scratch)
    {
        _tiles = scratch.Take((long)limits.MaxRows * 2 * sizeof(int), true);
        _runs = new (int, int)[limits.MaxRows];
    }

    /// <summary>The tiles, pairs of a first row and a number of rows.</summary>
    public BufferRange Tiles => _tiles.At(0);

    /// <summary>How many there are.</summary>
    public int TileCount { get; private set; }

    /// <summary>Rows in a row that are in no tile.</summary>
    public ReadOnlySpan<(int First, int Count)> Runs => _runs.AsSpan(0, RunCount);

    private int RunCount { get; set; }

    /// <summary>Sorts a batch's rows.</summary>
    public void Fill(Batch batch)
    {
        TileCount = RunCount = 0;
        int* tiles = (int*)_tiles.Contents;
        for (int first = 0, end; first < batch.RowCount; first = end)
        {
            for (end = first + 1; end < batch.RowCount && batch.Slots[end] == batch.Slots[first];)
                end++;
            if (end - first >= TileFrom)
                for (int row = first; row < end; row += TileRows, TileCount++)
                    (tiles[2 * TileCount], tiles[2 * TileCount + 1]) = (row, Math.Min(TileRows, end - row));
            else if (RunCount > 0 && _runs[RunCount - 1].First + _runs[RunCount - 1].Count == first)
                _runs[RunCount - 1].Count += end - first;
            else
                _runs[RunCount++] = (first, end - first);
        }
    }
}
