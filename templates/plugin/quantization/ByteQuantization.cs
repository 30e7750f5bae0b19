using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Abstractions;
using Tessera.Abstractions.Formats;
using Tessera.Abstractions.Quantization;

namespace Acme.Plugin;

/// <summary>Signed bytes in groups of 32: value = scale · q. A group takes 36 bytes: the scale as a float32, then q of each value.</summary>
public sealed unsafe class ByteQuantization : IQuantization, IAffineUnpack, IQuantizer
{
    private const int Group = 32;
    private const int GroupBytes = sizeof(float) + Group;

    /// <inheritdoc/>
    public string Id => "acme.plugin";

    /// <inheritdoc/>
    public int BlockSize => Group;

    /// <inheritdoc/>
    public int GroupSize => Group;

    /// <inheritdoc/>
    public int MaxValue => byte.MaxValue;

    /// <inheritdoc/>
    public void Validate(WeightTensor weight)
    {
        if (weight.Columns % Group != 0)
            throw new ModelFormatException($"tensor '{weight.Name}': {weight.Columns} columns, {Id} expects a multiple of {Group}");
        long expected = checked(weight.Rows * weight.Columns / Group * GroupBytes);
        if (weight.Parts.Length != 1 || weight.Parts[0].Length < expected)
            throw new ModelFormatException($"tensor '{weight.Name}': {weight.Bytes} bytes in {weight.Parts.Length} parts, {Id} expects one part of {expected}");
    }

    /// <inheritdoc/>
    public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
    {
        byte* group = Row(weight, firstRow);
        int groups = checked((int)(rowCount * weight.Columns / Group));
        for (int g = 0; g < groups; g++, group += GroupBytes)
        {
            float scale = Unsafe.ReadUnaligned<float>(group);
            for (int i = 0; i < Group; i++)
                destination[g * Group + i] = scale * (sbyte)group[sizeof(float) + i];
        }
    }

    /// <summary>q + 128 is unsigned, so value = scale · (q + 128) − 128 · scale. The integer kernels of a backend take it from here.</summary>
    public void Unpack(WeightTensor weight, long firstRow, int rowCount, byte* values, float* scales, float* minimums)
    {
        byte* group = Row(weight, firstRow);
        int groups = checked((int)(rowCount * weight.Columns / Group));
        for (int g = 0; g < groups; g++, group += GroupBytes)
        {
            float scale = Unsafe.ReadUnaligned<float>(group);
            // Adding 128 to a byte is turning its sign bit.
            (Vector256.Load(group + sizeof(float)) ^ Vector256.Create((byte)0x80)).Store(values + g * Group);
            scales[g] = scale;
            minimums[g] = 128 * scale;
        }
    }

    /// <inheritdoc/>
    public long QuantizedBytes(long count) => count / Group * GroupBytes;

    /// <inheritdoc/>
    public void Quantize(ReadOnlySpan<float> values, Span<byte> destination)
    {
        for (int g = 0; g < values.Length / Group; g++)
        {
            ReadOnlySpan<float> from = values.Slice(g * Group, Group);
            Span<byte> to = destination.Slice(g * GroupBytes, GroupBytes);
            float largest = 0;
            foreach (float value in from)
                largest = Math.Max(largest, Math.Abs(value));
            float scale = largest / 127;
            Unsafe.WriteUnaligned(ref to[0], scale);
            for (int i = 0; i < Group; i++)
                to[sizeof(float) + i] = (byte)(sbyte)MathF.Round(scale == 0 ? 0 : from[i] / scale);
        }
    }

    private static byte* Row(WeightTensor weight, long row) => weight.Parts[0].Data + row * (weight.Columns / Group * GroupBytes);
}
