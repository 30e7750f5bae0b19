using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Tiles;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>One of the matrices of a mixture of experts: multiplies a block of an expert's rows with activation rows, by tiles or by row dots.</summary>
/// <param name="kernel">The matrix.</param>
/// <param name="form">Where the kernel's form of the activations starts in a prepared row.</param>
/// <param name="panelForm">Where it starts in a panel.</param>
/// <param name="tileWidth">Activation rows of a panel.</param>
internal sealed unsafe class ExpertMatrix(LinearKernel kernel, long form, long panelForm, int tileWidth)
{
    private readonly TileKernel? _tile = kernel.Tile;

    /// <summary>Bytes that a lane needs for a block.</summary>
    public long BlockBytes(int rows) =>
        (Math.Max(kernel.ScratchBytes(rows), _tile?.BlockBytes(rows) ?? 0) + 63) & ~63L;

    /// <summary>Whether an expert's activation rows are taken by tiles.</summary>
    public bool ByTiles(int rows) => Product.PathOf(kernel, rows) == RowPath.Tiles;

    /// <summary>The activation rows that its tiles multiply at once: a panel's, or two panels'.</summary>
    public int RowsAtOnce(int left) => _tile!.RowsAtOnce(left, tileWidth);

    /// <summary>Makes a block of weight rows ready.</summary>
    public void Begin(int firstRow, int rowCount, byte* block, bool tiles)
    {
        if (tiles)
            _tile!.Unpack(firstRow, rowCount, block);
        else
            kernel.Begin(firstRow, rowCount, block);
    }

    /// <summary>Multiplies the block.</summary>
    /// <param name="firstRow">Its first row.</param>
    /// <param name="rowCount">Its rows.</param>
    /// <param name="block">From <see cref="Begin"/>.</param>
    /// <param name="tiles">As for <see cref="Begin"/>.</param>
    /// <param name="prepared">Prepared activation rows; not read by tiles.</param>
    /// <param name="stride">Bytes from one to the next.</param>
    /// <param name="panel">Their panel; read by tiles only.</param>
    /// <param name="panelBytes">Bytes from it to the next one.</param>
    /// <param name="rows">Activation rows, of tiles at most as many as <see cref="RowsAtOnce"/>.</param>
    /// <param name="products">The result, row after row.</param>
    public void Multiply(int firstRow, int rowCount, byte* block, bool tiles, byte* prepared, long stride, byte* panel, long panelBytes, int rows, float* products)
    {
        if (tiles)
            kernel.MultiplyTiles(firstRow, rowCount, block, panel + panelForm, panelBytes, tileWidth, rows, products, rowCount);
        else
            kernel.Multiply(firstRow, rowCount, block, prepared + form, stride, rows, products, rowCount);
    }
}
