using Tessera.Kernels.Cpu.Tiles;

namespace Tessera.Kernels.Cpu.Linear;

/// <summary>Multiplies a block of a weight's rows with prepared activation rows. One call handles a block; results do not depend on how rows are grouped into calls.</summary>
internal abstract unsafe class LinearKernel(WeightTensor weight, Preparation preparation)
{
    /// <summary>The weight.</summary>
    public WeightTensor Weight { get; } = weight;

    /// <summary>The form of the activations.</summary>
    public Preparation Preparation { get; } = preparation;

    /// <summary>The weight's rows: the width of the result.</summary>
    public int Rows { get; } = checked((int)weight.Rows);

    /// <summary>The length of a weight row and of an activation row.</summary>
    public int Columns { get; } = checked((int)weight.Columns);

    /// <summary>The way through tiles, for many activation rows: bitwise the same products. Null: there is none.</summary>
    public virtual TileKernel? Tile => null;

    /// <summary>Whether both read the same prepared rows, and panels of them where there are tiles, with weights of the same type: as slices of one weight have to.</summary>
    public bool IsOfOneKindWith(LinearKernel other) => Preparation.IsSameAs(other.Preparation) && Tile is null == (other.Tile is null) && Weight.Quantization == other.Weight.Quantization;

    /// <summary>The least that <see cref="TileRows"/> is.</summary>
    public const int LeastTileRows = 4;

    /// <summary>From so many activation rows on, tiles are used: a tile's time hardly depends on the rows that it is filled with, up to eight.</summary>
    public virtual int TileRows => LeastTileRows;

    /// <summary>From so many activation rows on, tiles are used; the largest number where there are none.</summary>
    public int LeastRowsByTiles => Tile is null ? int.MaxValue : TileRows;

    /// <summary>The least that <see cref="FewRows"/> is.</summary>
    public const int LeastFewRows = 8;

    /// <summary>Up to so many activation rows, blocks are large: weights pass by once, or so seldom that there is nothing to keep.</summary>
    public virtual int FewRows => LeastFewRows;

    /// <summary>Weight rows of the smallest block, where there are as many; a multiple of 8.</summary>
    public virtual int LeastBlockRows => 8;

    /// <summary>Weight rows of the largest block; a multiple of 8.</summary>
    public virtual int MostBlockRows => 256;

    /// <summary>Weight rows of a block are a multiple of this where it has as many; a multiple of 8.</summary>
    public virtual int BlockUnit => 8;

    /// <summary>Blocks of a stage that each lane should get, so that all are done at about the same time.</summary>
    public virtual int BlocksOfLane => 8;

    /// <summary>Bytes that a weight row takes in the cache while it is used.</summary>
    public abstract long WorkingRowBytes { get; }

    /// <summary>Bytes that a lane needs for a block of rows; 64-byte aligned.</summary>
    public virtual long ScratchBytes(int rows) => 0;

    /// <summary>Makes a block of rows ready in the lane's scratch memory.</summary>
    public virtual void Begin(int firstRow, int rowCount, byte* scratch)
    {
    }

    /// <summary>Writes the products of the block that <see cref="Begin"/> has made ready with activation rows.</summary>
    /// <param name="firstRow">The block's first row.</param>
    /// <param name="rowCount">The block's rows.</param>
    /// <param name="scratch">The lane's scratch memory.</param>
    /// <param name="activations">Prepared rows.</param>
    /// <param name="activationStride">Bytes from one to the next.</param>
    /// <param name="batchRows">The number of activation rows.</param>
    /// <param name="output">Where the block's first result of the first activation row goes.</param>
    /// <param name="outputStride">Floats from one activation row's results to the next.</param>
    public abstract void Multiply(int firstRow, int rowCount, byte* scratch, byte* activations, long activationStride, int batchRows, float* output, long outputStride);

    /// <summary>The same products by tiles.</summary>
    /// <param name="firstRow">The block's first row.</param>
    /// <param name="rowCount">The block's rows.</param>
    /// <param name="block">They, unpacked for <see cref="Tile"/>.</param>
    /// <param name="panel">A panel of activations, or the first of two.</param>
    /// <param name="panelBytes">Bytes from it to the next one.</param>
    /// <param name="width">Activation rows of a panel, at most.</param>
    /// <param name="count">Activation rows that are there.</param>
    /// <param name="output">Where the block's first result of the first activation row goes.</param>
    /// <param name="outputStride">Floats from one activation row's results to the next.</param>
    public void MultiplyTiles(int firstRow, int rowCount, byte* block, byte* panel, long panelBytes, int width, int count, float* output, long outputStride)
    {
        int wide = TileKernel.WidthOf(Math.Min(count, width), width);
        Tile!.Multiply(block, rowCount, panel, panelBytes, wide, count, output, outputStride);
        for (int first = 0; first < count; first += wide, panel += panelBytes)
            Refine(firstRow, rowCount, block, panel, wide, Math.Min(wide, count - first), output + first * outputStride, 1, outputStride);
    }

    /// <summary>Adds what the second bytes of a panel of activations give to products that <see cref="Tile"/> has made; <see cref="Multiply"/> has done so itself.</summary>
    /// <param name="firstRow">The block's first row.</param>
    /// <param name="rowCount">The block's rows.</param>
    /// <param name="block">They, unpacked.</param>
    /// <param name="panel">The panel.</param>
    /// <param name="width">Its width.</param>
    /// <param name="count">Its rows whose products are there.</param>
    /// <param name="output">The products.</param>
    /// <param name="rowStride">Floats from one weight row's products to the next.</param>
    /// <param name="outputStride">Floats from one activation row's to the next.</param>
    public virtual void Refine(int firstRow, int rowCount, byte* block, byte* panel, int width, int count, float* output, long rowStride, long outputStride)
    {
    }
}
