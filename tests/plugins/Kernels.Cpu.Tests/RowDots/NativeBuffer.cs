using System.Runtime.InteropServices;

namespace Tessera.Kernels.Cpu.Tests.RowDots;

/// <summary>64-byte aligned native memory, filled with a pattern that is a NaN in every float format.</summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    public NativeBuffer(long bytes)
    {
        Bytes = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 64);
        new Span<byte>(Bytes, (int)bytes).Fill(0xff);
    }

    public byte* Bytes { get; }

    public float* Floats => (float*)Bytes;

    public void Dispose() => NativeMemory.AlignedFree(Bytes);
}
