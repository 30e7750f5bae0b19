using Tessera.Host.Models;

namespace Tessera.Host.Conversion;

/// <summary>Makes the bytes of one tensor of a plan: from the source's own bytes where nothing changes, else by way of its values. Used by any number of lanes at once.</summary>
internal sealed unsafe class TensorConverter
{
    // Half precision's greatest, and half a step more, which still rounds to it.
    private const float GreatestHalf = 65_519.996f;

    private readonly WrittenTensor _tensor;
    private readonly WeightTensor[] _slices;
    private readonly IQuantization[] _sources;
    private readonly IQuantizer _quantizer;
    private readonly long _rowsOfSlice;
    private readonly long _rowsOfSource;
    private readonly bool _copies;

    /// <summary>Prepares a tensor.</summary>
    /// <exception cref="UnsupportedModelException">No loaded plugin reads its type, or writes the planned one.</exception>
    /// <exception cref="ModelFormatException">The source's parts do not fit its type, or the plan its quantizer.</exception>
    public TensorConverter(WrittenTensor tensor, OpenModel open)
    {
        _tensor = tensor;
        _quantizer = open.Quantizations.Find(tensor.Quantization) as IQuantizer
            ?? throw new UnsupportedModelException($"tensor '{tensor.Name}': no loaded plugin writes values as '{tensor.Quantization}'");
        _slices = tensor.Source is not { } source ? [] : source.Stack.Count > 0 ? [.. source.Stack] : [source];
        _sources = [.. _slices.Select(open.Quantization)];
        if (tensor.Source is { } whole)
        {
            _rowsOfSlice = whole.Rows / _slices.Length;
            _rowsOfSource = whole.Shape.Length > 1 ? whole.Shape[^2] : 1;
            _copies = tensor.Rows is null && tensor.Columns is null && tensor.Addend == 0 && whole.Quantization == tensor.Quantization
                && tensor.Shape.AsSpan().SequenceEqual(whole.Shape) && Array.TrueForAll(_slices, s => s.Parts.Length == 1 && s.Bytes == tensor.Length / _slices.Length);
        }
        long bytes = Boundary.Call($"quantization '{tensor.Quantization}'", () => checked(_quantizer.QuantizedBytes(Columns) * Rows));
        if (bytes != tensor.Length)
            throw new ModelFormatException($"tensor '{tensor.Name}': {bytes} bytes as '{tensor.Quantization}', but the file has room for {tensor.Length}");
    }

    private long Columns => _tensor.Shape[^1];

    private long Rows => _tensor.Shape.Take(_tensor.Shape.Length - 1).Aggregate(1L, (a, b) => a * b);

    /// <summary>Bytes of a written row.</summary>
    public long RowBytes => _tensor.Length / Rows;

    /// <summary>The chunk's first byte in the file.</summary>
    public long Offset(TensorChunk chunk) => _tensor.Offset + Row(chunk) * RowBytes;

    /// <summary>The chunk's bytes, in the source or in the buffers.</summary>
    public ReadOnlySpan<byte> Convert(TensorChunk chunk, ConversionBuffers buffers)
    {
        int bytes = checked((int)(chunk.Rows * RowBytes));
        if (_copies && Row(chunk) is var first && first / _rowsOfSlice == (first + chunk.Rows - 1) / _rowsOfSlice)
            return new(_slices[first / _rowsOfSlice].Parts[0].Data + first % _rowsOfSlice * RowBytes, bytes);
        return Boundary.Call($"tensor '{_tensor.Name}'", () =>
        {
            int count = checked((int)(chunk.Rows * Columns));
            float[] values = buffers.Values(count);
            Read(chunk, values, buffers);
            Check(chunk, values.AsSpan(0, count));
            byte[] written = buffers.Bytes(bytes);
            _quantizer.Quantize(values.AsSpan(0, count), written.AsSpan(0, bytes));
            return written;
        }).AsSpan(0, bytes);
    }

    private long Row(TensorChunk chunk) => chunk.Matrix * (_tensor.Shape.Length > 1 ? _tensor.Shape[^2] : 1) + chunk.Row;

    private void Read(TensorChunk chunk, float[] values, ConversionBuffers buffers)
    {
        int columns = (int)Columns;
        if (_tensor.Source is not { } source)
        {
            for (int i = 0; i < columns; i++)
                values[i] = _tensor.Values[i];
            return;
        }
        float[] rows = _tensor.Columns is null ? values : buffers.Row(checked((int)source.Columns));
        for (int done = 0; done < chunk.Rows;)
        {
            long from = SourceRow(chunk, done);
            int count = _tensor.Columns is null ? Run(chunk, done, from) : 1;
            long slice = from / _rowsOfSlice;
            Span<float> target = _tensor.Columns is null ? values.AsSpan(done * columns, count * columns) : rows.AsSpan(0, (int)source.Columns);
            _sources[slice].Dequantize(_slices[slice], from % _rowsOfSlice, count, target);
            if (_tensor.Columns is { } picked)
                for (int i = 0; i < columns; i++)
                    values[done * columns + i] = rows[picked[i]];
            done += count;
        }
        if (_tensor.Addend != 0)
            for (int i = 0; i < chunk.Rows * columns; i++)
                values[i] += _tensor.Addend;
    }

    private long SourceRow(TensorChunk chunk, int index)
    {
        long row = chunk.Row + index;
        return chunk.Matrix * _rowsOfSource + (_tensor.Rows is { } rows ? rows[(int)row] : row);
    }

    /// <summary>How many of the chunk's rows from here on stand one after the other in one slice.</summary>
    private int Run(TensorChunk chunk, int index, long from)
    {
        int count = 1;
        while (index + count < chunk.Rows && SourceRow(chunk, index + count) == from + count && (from + count) % _rowsOfSlice != 0)
            count++;
        return count;
    }

    private void Check(TensorChunk chunk, ReadOnlySpan<float> values)
    {
        float most = _tensor.Quantization == "f16" ? GreatestHalf : float.MaxValue;
        for (int i = 0; i < values.Length; i++)
            if (!(Math.Abs(values[i]) <= most))
                throw new ModelFormatException($"tensor '{_tensor.Name}': row {Row(chunk) + i / Columns}, column {i % Columns}: {values[i]} cannot be written as {_tensor.Quantization}");
    }
}
