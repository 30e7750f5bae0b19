using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Ops;
using Tessera.Kernels.Cpu.Tiles;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>Rows of one matrix of a <see cref="ProductStage"/>: where the results go, and what is done to them: bias, factor, residual, soft cap.</summary>
internal sealed unsafe class Product(LinearKernel kernel, ValueBuffer output)
{
    // A block and the activations that meet it should fit the first-level cache; for a few rows there is nothing to keep, and larger blocks are fewer.
    private const long ManyBytes = 16 << 10;
    private const long FewBytes = 256 << 10;
    // Unpacked rows stay in the second-level cache while all activations pass by.
    private const long TileBytes = 256 << 10;

    /// <summary>The matrix.</summary>
    public LinearKernel Kernel { get; } = kernel;

    /// <summary>Where the results go.</summary>
    public ValueBuffer Output { get; } = output;

    /// <summary>The matrix's first row that is multiplied; as many follow as the output is wide.</summary>
    public int FirstRow { get; init; }

    /// <summary>The part of the input that is multiplied.</summary>
    public int Part { get; init; }

    /// <summary>Added to the products, or null.</summary>
    public float* Bias { get; init; }

    /// <summary>Multiplies the sums.</summary>
    public float Factor { get; init; } = 1;

    /// <summary>Added to them then, or null.</summary>
    public ValueBuffer? Residual { get; init; }

    /// <summary>Caps them at last; 0: not.</summary>
    public float Cap { get; init; }

    /// <summary>Whether the cap is computed with the library's function.</summary>
    public bool Exact { get; init; }

    /// <summary>The number of rows.</summary>
    public int Rows => Output.Width;

    /// <summary>Where the kernel's form of the activations starts in a prepared row.</summary>
    public long Form { get; set; }

    /// <summary>Where the kernel's form of the activations starts in an interleaved panel.</summary>
    public long PanelForm { get; set; }

    /// <summary>Whether the products are results as they are.</summary>
    private bool IsBare => Bias == null && Factor == 1 && Residual is null && Cap == 0;

    /// <summary>How a number of batch rows is taken.</summary>
    public RowPath Path(int rows) => PathOf(Kernel, rows);

    /// <summary>How a number of batch rows is taken by a matrix.</summary>
    public static RowPath PathOf(LinearKernel kernel, int rows) => rows >= kernel.LeastRowsByTiles ? RowPath.Tiles : rows <= kernel.FewRows ? RowPath.Few : RowPath.Many;

    /// <summary>Weight rows of a block.</summary>
    public int BlockRows(RowPath path) => path switch { RowPath.Few => _few, RowPath.Many => _many, _ => _tiles };

    /// <summary>Blocks of the matrix.</summary>
    public int Blocks(RowPath path) => (Rows + BlockRows(path) - 1) / BlockRows(path);

    private int _few, _many, _tiles;

    /// <summary>Chooses the block sizes.</summary>
    public void Divide(long stageRows, int lanes, LaneSizes sizes)
    {
        _few = BlockSize(Kernel, stageRows, lanes, RowPath.Few, sizes);
        _many = BlockSize(Kernel, stageRows, lanes, RowPath.Many, sizes);
        _tiles = BlockSize(Kernel, stageRows, lanes, RowPath.Tiles, sizes);
    }

    /// <summary>A block size, a multiple of 8 and if it can be of the kernel's unit, so that every lane gets several of the stage's blocks.</summary>
    /// <param name="kernel">The matrix.</param>
    /// <param name="stageRows">Weight rows of the stage.</param>
    /// <param name="lanes">The number of lanes.</param>
    /// <param name="path">How batch rows are taken.</param>
    /// <param name="sizes">Grown to what a block needs.</param>
    public static int BlockSize(LinearKernel kernel, long stageRows, int lanes, RowPath path, LaneSizes sizes)
    {
        if (path == RowPath.Tiles && kernel.Tile is null)
            return 8;
        long fitting = path switch
        {
            RowPath.Few => FewBytes / kernel.WorkingRowBytes,
            RowPath.Many => ManyBytes / kernel.WorkingRowBytes,
            _ => TileBytes * Panels.Rows / kernel.Tile!.PanelBytes,
        };
        long share = stageRows / ((long)lanes * kernel.BlocksOfLane), most = Math.Clamp(fitting, kernel.LeastBlockRows, kernel.MostBlockRows);
        // As many blocks as lanes, or twice as many and so on, all of one size but for the last: with one more, a lane would have most of a block more than another.
        if (kernel.BlocksOfLane == 1)
            share = Whole(Parts(Parts(stageRows, lanes), Parts(Parts(stageRows, lanes), most)), kernel.BlockUnit);
        int rows = (int)Math.Clamp(share, kernel.LeastBlockRows, most);
        rows -= rows % (rows >= kernel.BlockUnit ? kernel.BlockUnit : 8);
        sizes.BlockRows = Math.Max(sizes.BlockRows, rows);
        sizes.Block = Math.Max(sizes.Block, path == RowPath.Tiles ? kernel.Tile!.BlockBytes(rows) : kernel.ScratchBytes(rows));
        return rows;
    }

    private static long Parts(long all, long of) => (all + of - 1) / of;

    private static long Whole(long rows, int unit) => Parts(rows, unit) * unit;

    /// <summary>Computes a block for all batch rows by tiles.</summary>
    public void RunTiles(int firstRow, int rowCount, Lane lane, byte* panels, long panelBytes, int width, int batchRows)
    {
        TileKernel tile = Kernel.Tile!;
        tile.Unpack(FirstRow + firstRow, rowCount, lane.Block);
        panels += PanelForm;
        for (int first = 0, rows; first < batchRows; first += rows)
        {
            rows = tile.RowsAtOnce(batchRows - first, width);
            float* products = IsBare ? Output.Row(first) + firstRow : lane.Partial;
            long apart = IsBare ? Output.Stride : rowCount;
            Kernel.MultiplyTiles(FirstRow + firstRow, rowCount, lane.Block, panels, panelBytes, width, rows, products, apart);
            for (int row = 0; row < rows && !IsBare; row++)
                Finish(products + (long)row * rowCount, first + row, firstRow, rowCount);
            panels += (rows > width ? 2 : 1) * panelBytes;
        }
    }

    /// <summary>Whether results can stand by features.</summary>
    public bool CanBeByFeatures => Cap == 0;

    /// <summary>Computes a block for all batch rows by tiles, with results by features.</summary>
    public void RunByFeatures(int firstRow, int rowCount, Lane lane, byte* panels, long panelBytes)
    {
        FeatureMajor features = Output.Whole.Features!;
        TileKernel tile = Kernel.Tile!;
        tile.Unpack(FirstRow + firstRow, rowCount, lane.Block);
        panels += PanelForm;
        for (int panel = 0, both; panel < features.Panels; panel += both)
        {
            both = tile.RowsAtOnce(features.Rows - panel * features.Width, features.Width) > features.Width ? 2 : 1;
            int width = features.WidthOf(panel);
            float* first = IsBare ? Result(panel, features, firstRow) : lane.Partial, second = both == 1 ? null : IsBare ? Result(panel + 1, features, firstRow) : first + (long)rowCount * width;
            tile.MultiplyByFeatures(lane.Block, rowCount, panels + panel * panelBytes, panelBytes, width, first, second);
            FinishByFeatures(panel, features, firstRow, rowCount, lane, panels + panel * panelBytes, first);
            if (second != null)
                FinishByFeatures(panel + 1, features, firstRow, rowCount, lane, panels + (panel + 1) * panelBytes, second);
        }
    }

    private float* Result(int panel, FeatureMajor features, int firstRow) => Output.Panel(panel, features) + (long)firstRow * features.WidthOf(panel);

    private void FinishByFeatures(int panel, FeatureMajor features, int firstRow, int rowCount, Lane lane, byte* activationPanel, float* products)
    {
        int width = features.WidthOf(panel), count = rowCount * width;
        Kernel.Refine(FirstRow + firstRow, rowCount, lane.Block, activationPanel, width, width, products, width, 1);
        if (IsBare)
            return;
        for (int row = 0; Bias != null && row < rowCount; row++)
            Sum.Value(products + (long)row * width, Bias[firstRow + row], width);
        float* result = Result(panel, features, firstRow);
        if (Factor != 1)
            Sum.Scale(products, Factor, Residual is null ? result : products, count);
        if (Residual is not null)
            Sum.Row(products, Residual.Panel(panel, features) + (long)firstRow * width, result, count);
        else if (Factor == 1)
            Buffer.MemoryCopy(products, result, (long)count * sizeof(float), (long)count * sizeof(float));
    }

    /// <summary>Computes a block for all batch rows by row dots.</summary>
    public void Run(int firstRow, int rowCount, Lane lane, byte* activations, long stride, int batchRows)
    {
        Kernel.Begin(FirstRow + firstRow, rowCount, lane.Block);
        activations += Form;
        if (IsBare)
        {
            Kernel.Multiply(FirstRow + firstRow, rowCount, lane.Block, activations, stride, batchRows, Output.Data + firstRow, Output.Stride);
            return;
        }
        for (int first = 0; first < batchRows; first += Lane.PartialRows)
        {
            int rows = Math.Min(Lane.PartialRows, batchRows - first);
            Kernel.Multiply(FirstRow + firstRow, rowCount, lane.Block, activations + first * stride, stride, rows, lane.Partial, rowCount);
            for (int row = 0; row < rows; row++)
                Finish(lane.Partial + (long)row * rowCount, first + row, firstRow, rowCount);
        }
    }

    private void Finish(float* products, int row, int firstRow, int rowCount)
    {
        if (Bias != null)
            Sum.Row(products, Bias + firstRow, products, rowCount);
        if (Factor != 1)
            Sum.Scale(products, Factor, products, rowCount);
        if (Residual is not null)
            Sum.Row(products, Residual.Row(row) + firstRow, products, rowCount);
        if (Cap != 0)
            SoftCap.Run(products, rowCount, Cap, Exact);
        Buffer.MemoryCopy(products, Output.Row(row) + firstRow, (long)rowCount * sizeof(float), (long)rowCount * sizeof(float));
    }
}
