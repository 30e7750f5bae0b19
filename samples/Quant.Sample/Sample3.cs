using System.Runtime.CompilerServices;
using Tessera.Abstractions;
using Tessera.Abstractions.Formats;
using Tessera.Abstractions.Quantization;

namespace Quant.Sample;

/// <summary>
/// Three bits in groups of 32: value = d · (q − 4), q from 0 to 7. A group takes 14 bytes: d as a float16; eight bytes with the low two bits of q, byte i those of the elements i, i + 8, i + 16 and i + 24 from its lowest bits on; four bytes
/// with the high bits, bit e of the little-endian number that of element e.
/// </summary>
public sealed unsafe class Sample3 : IQuantization, IGroupedUnpack, IQuantizer
{
    private const int Group = 32, GroupBytes = 14;
    private const int LowAt = 2, HighAt = 10;
    private const int Zero = 4;

    /// <inheritdoc/>
    public string Id => "sample3";

    /// <inheritdoc/>
    public int BlockSize => Group;

    /// <summary>All that a backend needs to unpack it.</summary>
    public GroupLayout Layout { get; } = new() { Bits = 3, Bytes = GroupBytes, ScaleAt = 0, LowAt = LowAt, HighAt = HighAt, Zero = Zero };

    /// <inheritdoc/>
    public void Validate(WeightTensor weight)
    {
        if (weight.Columns % Group != 0)
            throw new ModelFormatException($"tensor '{weight.Name}': {weight.Columns} columns, {Id} expects a multiple of {Group}");
        long expected = checked(weight.Rows * weight.Columns / Group * GroupBytes);
        if (weight.Parts.Length != 1 || weight.Parts[0].Length < expected)
            throw new ModelFormatException($"tensor '{weight.Name}': {weight.Bytes} bytes in {weight.Parts.Length} parts, {Id} expects one part of {expected}");
    }

    /// <summary>The definition, one element at a time.</summary>
    public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
    {
        byte* group = Row(weight, firstRow);
        int groups = checked((int)(rowCount * weight.Columns / Group));
        for (int g = 0; g < groups; g++, group += GroupBytes)
        {
            float d = (float)Unsafe.ReadUnaligned<Half>(group);
            uint high = Unsafe.ReadUnaligned<uint>(group + HighAt);
            for (int e = 0; e < Group; e++)
            {
                int q = (group[LowAt + e % 8] >> (e / 8 * 2) & 3) | (int)(high >> e & 1) << 2;
                destination[g * Group + e] = d * (q - Zero);
            }
        }
    }

    /// <inheritdoc/>
    public long QuantizedBytes(long count) => count / Group * GroupBytes;

    /// <summary>The value that is furthest from 0 becomes q = 0, so that it is kept best.</summary>
    public void Quantize(ReadOnlySpan<float> values, Span<byte> destination)
    {
        destination.Clear();
        for (int g = 0; g < values.Length / Group; g++)
        {
            ReadOnlySpan<float> from = values.Slice(g * Group, Group);
            Span<byte> to = destination.Slice(g * GroupBytes, GroupBytes);
            float furthest = 0;
            foreach (float value in from)
                furthest = Math.Abs(value) > Math.Abs(furthest) ? value : furthest;
            Half d = (Half)(furthest / -Zero);
            Unsafe.WriteUnaligned(ref to[0], d);
            uint high = 0;
            for (int e = 0; e < Group; e++)
            {
                int q = (float)d == 0 ? Zero : Math.Clamp((int)MathF.Round(from[e] / (float)d) + Zero, 0, 7);
                to[LowAt + e % 8] |= (byte)((q & 3) << (e / 8 * 2));
                high |= (uint)(q >> 2) << e;
            }
            Unsafe.WriteUnaligned(ref to[HighAt], high);
        }
    }

    private static byte* Row(WeightTensor weight, long row) => weight.Parts[0].Data + row * (weight.Columns / Group * GroupBytes);
}
