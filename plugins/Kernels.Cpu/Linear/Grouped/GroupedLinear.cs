using Tessera.Kernels.Cpu.Linear.Grouped.Found;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tiles;
using Tessera.Kernels.Cpu.Tiles.Native;

namespace Tessera.Kernels.Cpu.Linear.Grouped;

/// <summary>A weight whose plugin describes its groups, or where they were found: multiplied where they stand, and unpacked for tiles only.</summary>
internal sealed unsafe class GroupedLinear(WeightTensor weight, AffineSource source, GroupedRows groups, Preparation int8, CpuIsa isa, NativeTile? native) : LinearKernel(weight, int8)
{
    private readonly byte* _data = weight.Parts[0].Data;
    private readonly ElementOrder? _order = source.Found?.Order;

    // A part may be longer.
    private readonly long _rowBytes = weight.Columns / GroupLayout.Elements * groups.Bytes;

    public override TileKernel? Tile { get; } = TileTable.Create(weight, source, isa, native);

    public override long WorkingRowBytes => _rowBytes;

    /// <summary>An activation row, turned.</summary>
    public override long ScratchBytes(int rows) => groups.TurnedBytes(Columns);

    public override void Multiply(int firstRow, int rowCount, byte* scratch, byte* activations, long activationStride, int batchRows, float* output, long outputStride)
    {
        byte* weights = _data + firstRow * _rowBytes, end = _data + Rows * _rowBytes;
        for (int row = 0; row < batchRows; row++, activations += activationStride, output += outputStride)
        {
            groups.Turn(activations, Columns, scratch, _order);
            groups.Multiply(weights, end, rowCount, Columns, activations, scratch, output);
        }
    }
}
