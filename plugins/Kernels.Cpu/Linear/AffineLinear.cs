using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tiles;

namespace Tessera.Kernels.Cpu.Linear;

/// <summary>Weight rows unpacked block by block to unsigned bytes, scales and minimums, then a generic integer dot.</summary>
internal sealed unsafe class AffineLinear(WeightTensor weight, IAffineUnpack unpack, Preparation int8, CpuIsa isa) : LinearKernel(weight, int8)
{
    private readonly int _group = unpack.GroupSize;

    public override TileKernel? Tile { get; } = TileTable.Create(weight, unpack, isa);

    public override long WorkingRowBytes => Columns + 2L * sizeof(float) * (Columns / _group);

    // values, then scales, then minimums, each 64-byte aligned.
    public override long ScratchBytes(int rows) => Aligned((long)rows * Columns) + 2 * Aligned((long)rows * (Columns / _group) * sizeof(float));

    public override void Begin(int firstRow, int rowCount, byte* scratch)
    {
        Sections(rowCount, scratch, out float* scales, out float* minimums);
        unpack.Unpack(Weight, firstRow, rowCount, scratch, scales, minimums);
    }

    public override void Multiply(int firstRow, int rowCount, byte* scratch, byte* activations, long activationStride, int batchRows, float* output, long outputStride)
    {
        Sections(rowCount, scratch, out float* scales, out float* minimums);
        for (int row = 0; row < batchRows; row++, activations += activationStride, output += outputStride)
            if (Tile is null)
                AffineDot.Rows(scratch, scales, minimums, rowCount, Columns, _group, activations, output);
            else
                AffineDot.Rows32(scratch, scales, minimums, rowCount, Columns, activations, output);
    }

    private void Sections(int rows, byte* scratch, out float* scales, out float* minimums)
    {
        scales = (float*)(scratch + Aligned((long)rows * Columns));
        minimums = (float*)((byte*)scales + Aligned((long)rows * (Columns / _group) * sizeof(float)));
    }

    private static long Aligned(long bytes) => (bytes + 63) & ~63L;
}
