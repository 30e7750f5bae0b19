namespace Tessera.Kernels.Cpu.Tests.Linear.Transcoding;

/// <summary>A type that is only unpacked: values as their position gives them, with the scale and minimum of each group as a test has them. It reads nothing of the file.</summary>
internal sealed unsafe class GroupedType : IQuantization, IAffineUnpack
{
    public string Id => "grouped";

    public int BlockSize => 32;

    public int GroupSize { get; init; } = 32;

    public int MaxValue { get; init; } = 15;

    public int RowsTogether { get; init; } = 1;

    /// <summary>What is unpacked; at most <see cref="MaxValue"/> if it keeps its word.</summary>
    public Func<long, int> Value { get; init; } = place => (int)(place * 7 % 16);

    public Func<long, (float Scale, float Minimum)> Group { get; init; } = group => (0.5f + group % 5, 4 * (0.5f + group % 5));

    public void Validate(WeightTensor weight)
    {
    }

    public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            long place = firstRow * weight.Columns + i;
            (float scale, float minimum) = Group(place / GroupSize);
            destination[i] = scale * Value(place) - minimum;
        }
    }

    public void Unpack(WeightTensor weight, long firstRow, int rowCount, byte* values, float* scales, float* minimums)
    {
        long first = firstRow * weight.Columns, count = rowCount * weight.Columns;
        for (long i = 0; i < count; i++)
            values[i] = (byte)Value(first + i);
        for (long i = 0; i < count / GroupSize; i++)
            (scales[i], minimums[i]) = Group(first / GroupSize + i);
    }
}
