using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tiles;
using Tessera.Kernels.Cpu.Tiles.Native;

namespace Tessera.Kernels.Cpu.Linear.Nibbles;

/// <summary>A weight whose rows are nibbles with scales apart from them, read as it stands.</summary>
/// <param name="weight">The validated weight.</param>
/// <param name="rows">Where its parts stand.</param>
/// <param name="kernel">What multiplies them.</param>
/// <param name="how">What that is written with.</param>
/// <param name="source">The same weight, unpacked.</param>
/// <param name="int8">Signed bytes in groups of 32.</param>
/// <param name="isa">What may be used.</param>
/// <param name="native">Machine code for its tiles.</param>
internal sealed unsafe class NibbleLinear(WeightTensor weight, NibbleRows rows, NibbleKernel kernel, string how, AffineSource source, Preparation int8, CpuIsa isa, NativeTile? native) : PackedLinear(weight, int8)
{
    public override TileKernel? Tile { get; } = TileTable.Create(weight, source, isa, native);

    public override string InstructionSet => how;

    public override long WorkingRowBytes => Columns / 2 + rows.RowScales;

    public override long ScratchBytes(int rows) => kernel.ScratchBytes;

    public override void Multiply(int firstRow, int rowCount, byte* scratch, byte* activations, long activationStride, int batchRows, float* output, long outputStride)
    {
        const int most = NibbleKernel.Most;
        for (; batchRows > 0; batchRows -= most, activations += most * activationStride, output += most * outputStride)
            kernel.Multiply(firstRow, rowCount, scratch, activations, activationStride, Math.Min(batchRows, most), output, outputStride);
    }
}
