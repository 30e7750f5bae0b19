using System.Runtime.InteropServices;

namespace Tessera.Conformance.Fakes;

/// <summary>Plain little-endian float32, so that graphs can be checked without a quantization plugin.</summary>
public sealed unsafe class F32 : IQuantization, IQuantizer
{
    /// <inheritdoc/>
    public string Id => "f32";

    /// <inheritdoc/>
    public int BlockSize => 1;

    /// <inheritdoc/>
    public void Validate(WeightTensor weight)
    {
        ArgumentNullException.ThrowIfNull(weight);
        long expected = checked(weight.Rows * weight.Columns * sizeof(float));
        if (weight.Parts.Length != 1 || weight.Bytes != expected)
            throw new ModelFormatException($"tensor '{weight.Name}': expected one part of {expected} bytes, found {weight.Parts.Length} of {weight.Bytes}");
    }

    /// <inheritdoc/>
    public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(weight);
        new ReadOnlySpan<float>((float*)weight.Parts[0].Data + firstRow * weight.Columns, checked(rowCount * (int)weight.Columns)).CopyTo(destination);
    }

    /// <inheritdoc/>
    public long QuantizedBytes(long count) => count * sizeof(float);

    /// <inheritdoc/>
    public void Quantize(ReadOnlySpan<float> values, Span<byte> destination) => MemoryMarshal.AsBytes(values).CopyTo(destination);
}
