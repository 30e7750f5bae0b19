using SharpMetal.Metal;

namespace Tessera.Kernels.Metal.Device;

/// <summary>A buffer that its owner disposes.</summary>
internal sealed unsafe class DeviceBuffer(MTLBuffer buffer, long bytes) : IDisposable
{
    private bool _disposed;

    /// <summary>The buffer.</summary>
    public MTLBuffer Metal { get; } = buffer;

    /// <summary>Its bytes.</summary>
    public long Bytes { get; } = bytes;

    /// <summary>The bytes of a shared buffer.</summary>
    public byte* Contents => (byte*)Metal.Contents;

    /// <summary>Where a part begins.</summary>
    public BufferRange At(long offset) => new(Metal, (ulong)offset);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
            Metal.Dispose();
        _disposed = true;
    }
}

/// <summary>A place in a buffer.</summary>
/// <param name="Buffer">The buffer.</param>
/// <param name="Offset">Bytes before it.</param>
internal readonly record struct BufferRange(MTLBuffer Buffer, ulong Offset)
{
    /// <summary>So many bytes further on.</summary>
    public BufferRange Plus(long bytes) => new(Buffer, Offset + (ulong)bytes);
}
