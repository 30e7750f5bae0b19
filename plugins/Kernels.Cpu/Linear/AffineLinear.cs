using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tiles;
using Tessera.Kernels.Cpu.Tiles.Native;

namespace Tessera.Kernels.Cpu.Linear;

/// <summary>Weight rows unpacked to unsigned bytes, scales and minimums, then a generic integer dot: a few rows at a time that stay in the first-level cache, or where there are no tiles a block.</summary>
internal sealed unsafe class AffineLinear(WeightTensor weight, AffineSource source, Preparation int8, CpuIsa isa, NativeTile? native = null) : LinearKernel(weight, int8)
{
    // With their scales, and the activations beside them, they fit the first-level cache.
    private const int ChunkBytes = 12 << 10;

    private readonly int _group = source.GroupSize;
    private readonly bool _small = source.MaxValue <= AffineDot.Small;
    private readonly int _chunk = (int)Math.Clamp(ChunkBytes / weight.Columns, source.RowsTogether, Math.Max(16, source.RowsTogether));

    // Where the rows lie one after another, else null; their length; and what of it belongs to 256 columns.
    private readonly byte* _bytes = weight.Parts.Length == 1 ? weight.Parts[0].Data : null;
    private readonly long _rowBytes = weight.Parts[0].Length / Math.Max(1, weight.Rows);
    private readonly int _ahead = weight.Parts.Length == 1 ? (int)(weight.Parts[0].Length / Math.Max(1, weight.Rows) * 256 / weight.Columns) : 0;

    public override TileKernel? Tile { get; } = TileTable.Create(weight, source, isa, native);

    public override long WorkingRowBytes => Tile is null ? Columns + 2L * sizeof(float) * (Columns / _group) : Math.Max(1, Weight.Bytes / Weight.Rows);

    // values, then scales, then minimums, each 64-byte aligned.
    public override long ScratchBytes(int rows)
    {
        int held = Tile is null ? rows : Math.Min(rows, _chunk);
        return Aligned((long)held * Columns) + 2 * Aligned((long)held * (Columns / _group) * sizeof(float));
    }

    public override void Begin(int firstRow, int rowCount, byte* scratch)
    {
        if (Tile is not null)
            return;
        Sections(rowCount, scratch, out float* scales, out float* minimums);
        source.Unpack(firstRow, rowCount, scratch, scales, minimums);
    }

    public override void Multiply(int firstRow, int rowCount, byte* scratch, byte* activations, long activationStride, int batchRows, float* output, long outputStride)
    {
        if (Tile is null)
        {
            Sections(rowCount, scratch, out float* scales, out float* minimums);
            for (int row = 0; row < batchRows; row++, activations += activationStride, output += outputStride)
                AffineDot.Rows(scratch, scales, minimums, rowCount, Columns, _group, activations, output);
            return;
        }
        for (int first = 0; first < rowCount; first += _chunk)
        {
            int count = Math.Min(_chunk, rowCount - first);
            Sections(count, scratch, out float* scales, out float* minimums);
            source.Unpack(firstRow + first, count, scratch, scales, minimums);
            // The first activation row asks for the rows that are unpacked next; the others have nothing to ask for.
            byte* ahead = _bytes is null ? scratch : _bytes + (firstRow + first + count) * _rowBytes;
            int step = _ahead;
            for (int row = 0; row < batchRows; row++)
            {
                AffineDot.Rows32(scratch, scales, minimums, count, Columns, _small, isa.Avx512, activations + row * activationStride, output + row * outputStride + first, ahead, step);
                ahead = scratch;
                step = 0;
            }
        }
    }

    private void Sections(int rows, byte* scratch, out float* scales, out float* minimums)
    {
        scales = (float*)(scratch + Aligned((long)rows * Columns));
        minimums = (float*)((byte*)scales + Aligned((long)rows * (Columns / _group) * sizeof(float)));
    }

    private static long Aligned(long bytes) => (bytes + 63) & ~63L;
}
