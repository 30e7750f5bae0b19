using System.Collections.Concurrent;

namespace Tessera.Kernels.Cpu.Tests.Models;

/// <summary>A byte for each weight, in 64ths around zero; counts how often each row is unpacked.</summary>
internal unsafe class CountingType(int group) : IQuantization, IQuantizer, IAffineUnpack
{
    private const int Zero = 128;
    private const float Scale = 1 / 64f;

    private readonly ConcurrentDictionary<(string Weight, long Row), int> _reads = [];

    public string Id => "counting";

    public int BlockSize => 32;

    public int GroupSize => group;

    public int MaxValue => 255;

    public void Clear() => _reads.Clear();

    public int[] Reads(string weight, int rows) => [.. Enumerable.Range(0, rows).Select(row => _reads.GetValueOrDefault((weight, (long)row)))];

    public void Validate(WeightTensor weight) => Assert.Equal(weight.Rows * weight.Columns, weight.Bytes);

    public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
    {
        byte* data = weight.Parts[0].Data + firstRow * weight.Columns;
        for (int i = 0; i < rowCount * weight.Columns; i++)
            destination[i] = (data[i] - Zero) * Scale;
    }

    public long QuantizedBytes(long count) => count;

    public void Quantize(ReadOnlySpan<float> values, Span<byte> destination)
    {
        for (int i = 0; i < values.Length; i++)
            destination[i] = (byte)Math.Clamp(MathF.Round(values[i] / Scale) + Zero, 0, 255);
    }

    public void Unpack(WeightTensor weight, long firstRow, int rowCount, byte* values, float* scales, float* minimums)
    {
        for (int row = 0; row < rowCount; row++)
            _reads.AddOrUpdate((weight.Name, firstRow + row), 1, (_, count) => count + 1);
        long count = rowCount * weight.Columns;
        Buffer.MemoryCopy(weight.Parts[0].Data + firstRow * weight.Columns, values, count, count);
        new Span<float>(scales, (int)count / group).Fill(Scale);
        new Span<float>(minimums, (int)count / group).Fill(Zero * Scale);
    }
}
