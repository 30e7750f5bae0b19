namespace Tessera.Quant.Ggml;

/// <summary>A type whose values are scale · u − minimum, with unsigned bytes u, for each group.</summary>
internal abstract unsafe class AffineType(string id, int blockSize, int blockBytes, int groupSize, int maxValue)
    : GgmlType(id, blockSize, blockBytes), IAffineUnpack
{
    public int GroupSize { get; } = groupSize;

    public int MaxValue { get; } = maxValue;

    public void Unpack(WeightTensor weight, long firstRow, int rowCount, byte* values, float* scales, float* minimums)
    {
        ArgumentNullException.ThrowIfNull(weight);
        byte* source = Rows(weight, firstRow, rowCount, out long blocks);
        UnpackBlocks(source, blocks, values, scales, minimums);
    }

    /// <summary>Unpacks consecutive blocks.</summary>
    protected abstract void UnpackBlocks(byte* source, long blocks, byte* values, float* scales, float* minimums);
}
