using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tiles;

namespace Tessera.Kernels.Cpu.Linear;

/// <summary>A weight whose type has a kernel of its own: straight from the file's bytes.</summary>
internal sealed unsafe class RowDotLinear(WeightTensor weight, RowDotKernel kernel, Preparation preparation, CpuIsa isa) : LinearKernel(weight, preparation)
{
    private readonly byte* _data = weight.Parts[0].Data;
    private readonly nint _rowBytes = (nint)(weight.Parts[0].Length / weight.Rows);

    public override TileKernel? Tile { get; } = TileTable.Create(weight.Quantization, weight.Parts[0].Data, (nint)(weight.Parts[0].Length / weight.Rows), checked((int)weight.Columns), isa);

    public override long WorkingRowBytes => _rowBytes;

    public override void Multiply(int firstRow, int rowCount, byte* scratch, byte* activations, long activationStride, int batchRows, float* output, long outputStride) =>
        kernel.DotRows(_data + firstRow * _rowBytes, _rowBytes, rowCount, Columns, activations, (nint)activationStride, batchRows, output, (nint)outputStride);
}
