using System.Runtime.InteropServices;

namespace Tessera.Conformance.Fakes;

/// <summary>A model file in native memory, 64-byte aligned.</summary>
public sealed unsafe class MemoryFile : IModelFile, IDisposable
{
    private byte* _data;

    /// <summary>Copies the bytes.</summary>
    public MemoryFile(string name, ReadOnlySpan<byte> bytes)
    {
        Name = name;
        Length = bytes.Length;
        _data = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(1, bytes.Length), 64);
        bytes.CopyTo(new Span<byte>(_data, bytes.Length));
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public long Length { get; }

    /// <inheritdoc/>
    public byte* Data => _data is null ? throw new ObjectDisposedException(Name) : _data;

    /// <summary>A file of floats.</summary>
    public static MemoryFile Of(ReadOnlySpan<float> values) => new("memory", MemoryMarshal.AsBytes(values));

    /// <summary>The whole file as one tensor.</summary>
    public WeightTensor Tensor(string name, string quantization, params long[] shape) =>
        new() { Name = name, Shape = shape, Quantization = quantization, Parts = [new WeightPart("data", this, 0, Length)] };

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_data);
        _data = null;
    }
}
