using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Ops;
using Tessera.Kernels.Cpu.Tiles;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>One matrix of a <see cref="ProductStage"/>: where its results go, and what is added to them.</summary>
internal sealed unsafe class Product(LinearKernel kernel, float* bias, ValueBuffer? residual, ValueBuffer output)
{
    // A block and the activations that meet it should fit the first-level cache; for a few rows there is nothing to keep, and larger blocks are fewer.
    private const long ManyBytes = 16 << 10;
    private const long FewBytes = 96 << 10;
    // Unpacked rows stay in the second-level cache while all activations pass by.
    private const long TileBytes = 256 << 10;

    /// <summary>Weight rows of the largest block.</summary>
    public const int MaxBlockRows = 256;

    // Measured: so many row dots cost as much as a tile, whose time hardly depends on the rows that it is filled with.
    private const int TileRows = 4;
    private const int FewRows = 4;

    /// <summary>The matrix.</summary>
    public LinearKernel Kernel { get; } = kernel;

    /// <summary>Where the results go.</summary>
    public ValueBuffer Output { get; } = output;

    /// <summary>Where the kernel's form of the activations starts in a prepared row.</summary>
    public long Form { get; set; }

    /// <summary>Where the kernel's form of the activations starts in an interleaved panel.</summary>
    public long PanelForm { get; set; }

    /// <summary>How a number of batch rows is taken.</summary>
    public RowPath Path(int rows) => rows >= TileRows && Kernel.Tile is not null ? RowPath.Tiles : rows <= FewRows ? RowPath.Few : RowPath.Many;

    /// <summary>Weight rows of a block.</summary>
    public int BlockRows(RowPath path) => path switch { RowPath.Few => _few, RowPath.Many => _many, _ => _tiles };

    /// <summary>Blocks of the matrix.</summary>
    public int Blocks(RowPath path) => (Kernel.Rows + BlockRows(path) - 1) / BlockRows(path);

    private int _few, _many, _tiles;

    /// <summary>Chooses the block sizes, multiples of 8, so that every lane gets several of the stage's blocks.</summary>
    public void Divide(long stageRows, int lanes, LaneSizes sizes)
    {
        long even = stageRows / (lanes * 8L);
        _few = Size(Math.Min(even, FewBytes / Kernel.WorkingRowBytes));
        _many = Size(Math.Min(even, ManyBytes / Kernel.WorkingRowBytes));
        _tiles = Kernel.Tile is null ? 8 : Size(Math.Min(even, TileBytes * Panels.Rows / Kernel.Tile.PanelBytes));
        int largest = Math.Max(_few, _many);
        sizes.BlockRows = Math.Max(sizes.BlockRows, Math.Max(largest, _tiles));
        sizes.Block = Math.Max(sizes.Block, Kernel.ScratchBytes(largest));
        if (Kernel.Tile is not null)
            sizes.Block = Math.Max(sizes.Block, Kernel.Tile.PanelBytes * _tiles / Panels.Rows);

        static int Size(long rows) => (int)Math.Clamp(rows, 8, MaxBlockRows) & ~7;
    }

    /// <summary>Computes a block for all batch rows by tiles.</summary>
    public void RunTiles(int firstRow, int rowCount, Lane lane, byte* panels, long panelBytes, int width, int batchRows)
    {
        TileKernel tile = Kernel.Tile!;
        tile.Unpack(firstRow, rowCount, lane.Block);
        panels += PanelForm;
        for (int first = 0; first < batchRows; first += width, panels += panelBytes)
        {
            int rows = Math.Min(width, batchRows - first), wide = TileKernel.WidthOf(rows, width);
            if (bias == null && residual is null)
                tile.Multiply(lane.Block, rowCount, panels, wide, rows, Output.Row(first) + firstRow, Output.Stride);
            else
            {
                tile.Multiply(lane.Block, rowCount, panels, wide, rows, lane.Partial, rowCount);
                for (int row = 0; row < rows; row++)
                    Finish(lane.Partial + (long)row * rowCount, first + row, firstRow, rowCount);
            }
        }
    }

    /// <summary>Computes a block for all batch rows by row dots.</summary>
    public void Run(int firstRow, int rowCount, Lane lane, byte* activations, long stride, int batchRows)
    {
        Kernel.Begin(firstRow, rowCount, lane.Block);
        activations += Form;
        if (bias == null && residual is null)
        {
            Kernel.Multiply(firstRow, rowCount, lane.Block, activations, stride, batchRows, Output.Data + firstRow, Output.Stride);
            return;
        }
        for (int first = 0; first < batchRows; first += Lane.PartialRows)
        {
            int rows = Math.Min(Lane.PartialRows, batchRows - first);
            Kernel.Multiply(firstRow, rowCount, lane.Block, activations + first * stride, stride, rows, lane.Partial, rowCount);
            for (int row = 0; row < rows; row++)
                Finish(lane.Partial + (long)row * rowCount, first + row, firstRow, rowCount);
        }
    }

    private void Finish(float* products, int row, int firstRow, int rowCount)
    {
        if (bias != null)
            Sum.Row(products, bias + firstRow, products, rowCount);
        if (residual is not null)
            Sum.Row(products, residual.Row(row) + firstRow, products, rowCount);
        Buffer.MemoryCopy(products, Output.Row(row) + firstRow, (long)rowCount * sizeof(float), (long)rowCount * sizeof(float));
    }
}
