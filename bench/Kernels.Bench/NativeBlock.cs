using System.Runtime.InteropServices;

namespace Tessera.Kernels.Bench;

/// <summary>64-byte aligned native memory.</summary>
internal sealed unsafe class NativeBlock(long bytes) : IDisposable
{
    public byte* Bytes { get; } = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 64);

    public long Length { get; } = bytes;

    public void Dispose() => NativeMemory.AlignedFree(Bytes);
}
