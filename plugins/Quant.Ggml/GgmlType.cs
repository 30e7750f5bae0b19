namespace Tessera.Quant.Ggml;

/// <summary>What all ggml types share: one part of contiguous blocks, rows of whole blocks, one after the other.</summary>
/// <remarks>Layouts and formulas: https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h</remarks>
internal abstract unsafe class GgmlType(string id, int blockSize, int blockBytes) : IQuantization
{
    public string Id { get; } = id;

    public int BlockSize { get; } = blockSize;

    /// <summary>Bytes of a block.</summary>
    public int BlockBytes { get; } = blockBytes;

    public void Validate(WeightTensor weight)
    {
        ArgumentNullException.ThrowIfNull(weight);
        if (weight.Quantization != Id)
            throw Refused(weight, $"quantization {Id}", weight.Quantization);
        if (weight.Parts is not [{ Name: "data" } data])
            throw Refused(weight, "one part, named data", $"{weight.Parts.Length}: {string.Join(", ", weight.Parts.Select(part => part.Name))}");
        UInt128 values = 1;
        foreach (long dimension in weight.Shape)
        {
            if (dimension < 1)
                throw Refused(weight, "dimensions of at least 1", weight.ShapeText);
            values *= (ulong)dimension;
            if (values > long.MaxValue)
                throw Refused(weight, "fewer than 2^63 values", weight.ShapeText);
        }
        if (weight.Shape.Length == 0 || weight.Columns % BlockSize != 0)
            throw Refused(weight, $"rows of a multiple of {BlockSize} values", weight.ShapeText);
        UInt128 bytes = values / (uint)BlockSize * (uint)BlockBytes;
        if (bytes != (ulong)data.Length)
            throw Refused(weight, $"{bytes} bytes of data for {weight.ShapeText}", $"{data.Length}");
    }

    public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(weight);
        byte* source = Rows(weight, firstRow, rowCount, out long blocks);
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, blocks * BlockSize, nameof(destination));
        fixed (float* values = destination)
            DequantizeBlocks(source, blocks, values);
    }

    /// <summary>Writes the values of consecutive blocks.</summary>
    protected internal abstract void DequantizeBlocks(byte* source, long blocks, float* destination);

    /// <summary>The first block of a range of rows that is checked against the tensor, and the number of blocks.</summary>
    protected byte* Rows(WeightTensor weight, long firstRow, int rowCount, out long blocks)
    {
        long blocksOfRow = weight.Columns / BlockSize;
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfNegative(rowCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstRow, weight.Rows - rowCount);
        blocks = rowCount * blocksOfRow;
        return weight.Parts[0].Data + firstRow * blocksOfRow * BlockBytes;
    }

    private ModelFormatException Refused(WeightTensor weight, string expected, string found) =>
        new ModelFormatException($"{Id}: tensor '{weight.Name}': expected {expected}, found {found}");
}
