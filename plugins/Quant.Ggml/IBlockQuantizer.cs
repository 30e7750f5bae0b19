namespace Tessera.Quant.Ggml;

/// <summary>A type with ggml's reference quantizer, the one without an importance matrix: the same bytes for the same floats.</summary>
internal unsafe interface IBlockQuantizer : IQuantizer
{
    /// <inheritdoc cref="IQuantization.Id"/>
    string Id { get; }

    /// <inheritdoc cref="IQuantization.BlockSize"/>
    int BlockSize { get; }

    /// <inheritdoc cref="GgmlType.BlockBytes"/>
    int BlockBytes { get; }

    /// <summary>Writes consecutive blocks.</summary>
    void QuantizeBlocks(float* source, long blocks, byte* destination);

    long IQuantizer.QuantizedBytes(long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (count % BlockSize != 0)
            throw new ArgumentException($"{Id}: expected a multiple of {BlockSize} values, found {count}", nameof(count));
        return checked(count / BlockSize * BlockBytes);
    }

    void IQuantizer.Quantize(ReadOnlySpan<float> values, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, QuantizedBytes(values.Length), nameof(destination));
        fixed (float* source = values)
        fixed (byte* target = destination)
            QuantizeBlocks(source, values.Length / BlockSize, target);
    }
}
