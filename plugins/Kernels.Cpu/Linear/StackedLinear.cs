using Tessera.Kernels.Cpu.Tiles;

namespace Tessera.Kernels.Cpu.Linear;

/// <summary>A weight whose equal slices are tensors of their own, such as experts that a file has one by one. A block of rows lies within one slice.</summary>
internal sealed unsafe class StackedLinear(WeightTensor weight, LinearKernel[] slices) : LinearKernel(weight, slices[0].Preparation)
{
    private readonly int _rows = slices[0].Rows;

    public override TileKernel? Tile { get; } = slices[0].Tile is null ? null : new StackedTileKernel([.. slices.Select(s => s.Tile!)], slices[0].Rows);

    public override int TileRows => slices[0].TileRows;

    public override int FewRows => slices[0].FewRows;

    public override int BlockUnit => slices[0].BlockUnit;

    public override int MostBlockRows => slices[0].MostBlockRows;

    public override int BlocksOfLane => slices[0].BlocksOfLane;

    public override long WorkingRowBytes => slices[0].WorkingRowBytes;

    public override long ScratchBytes(int rows) => slices.Max(s => s.ScratchBytes(rows));

    public override void Begin(int firstRow, int rowCount, byte* scratch) => slices[firstRow / _rows].Begin(firstRow % _rows, rowCount, scratch);

    public override void Multiply(int firstRow, int rowCount, byte* scratch, byte* activations, long activationStride, int batchRows, float* output, long outputStride) =>
        slices[firstRow / _rows].Multiply(firstRow % _rows, rowCount, scratch, activations, activationStride, batchRows, output, outputStride);

    public override void Refine(int firstRow, int rowCount, byte* block, byte* panel, int width, int count, float* output, long rowStride, long outputStride) =>
        slices[firstRow / _rows].Refine(firstRow % _rows, rowCount, block, panel, width, count, output, rowStride, outputStride);
}
