using System.Runtime.InteropServices;

namespace Tessera.Conformance.Batches;

/// <summary>Float rows at a fixed address: what a step hands out.</summary>
internal sealed unsafe class OutputRows(int rows, int width, string name) : IDisposable
{
    private float* _memory = (float*)NativeMemory.AlignedAlloc(checked((nuint)Math.Max(1, (long)rows * width) * sizeof(float)), 64);

    /// <summary>The rows of this step.</summary>
    public int Used { get; private set; }

    /// <summary>Bytes of the rows.</summary>
    public long Bytes { get; } = (long)rows * width * sizeof(float);

    /// <summary>Starts a new step.</summary>
    public void Clear() => Used = 0;

    /// <summary>The next row, to be filled.</summary>
    public Span<float> Next() => new(_memory + (long)Used++ * width, width);

    /// <summary>A row of this step.</summary>
    /// <exception cref="TesseraException">The step made fewer rows.</exception>
    public float* Row(int output)
    {
        ObjectDisposedException.ThrowIf(_memory is null, this);
        if ((uint)output >= (uint)Used)
            throw new TesseraException($"{name}: output {output} was asked for, the batch has {Used}");
        return _memory + (long)output * width;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}
