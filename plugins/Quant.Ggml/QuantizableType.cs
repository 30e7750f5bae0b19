namespace Tessera.Quant.Ggml;

/// <summary>A type with ggml's reference quantizer, the one without an importance matrix: the same bytes for the same floats.</summary>
internal abstract unsafe class QuantizableType(string id, int blockSize, int blockBytes)
    : GgmlType(id, blockSize, blockBytes), IQuantizer
{
    public long QuantizedBytes(long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (count % BlockSize != 0)
            throw new ArgumentException($"{Id}: expected a multiple of {BlockSize} values, found {count}", nameof(count));
        return checked(count / BlockSize * BlockBytes);
    }

    public void Quantize(ReadOnlySpan<float> values, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, QuantizedBytes(values.Length), nameof(destination));
        fixed (float* source = values)
        fixed (byte* target = destination)
            QuantizeBlocks(source, values.Length / BlockSize, target);
    }

    /// <summary>Writes consecutive blocks.</summary>
    protected abstract void QuantizeBlocks(float* source, long blocks, byte* destination);
}
