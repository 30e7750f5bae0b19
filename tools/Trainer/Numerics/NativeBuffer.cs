using System.Runtime.InteropServices;

namespace Tessera.Trainer.Numerics;

/// <summary>Floats in aligned native memory, zero at first.</summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    public NativeBuffer(long count)
    {
        Count = count;
        Data = (float*)NativeMemory.AlignedAlloc((nuint)count * sizeof(float), 64);
        NativeMemory.Clear(Data, (nuint)count * sizeof(float));
    }

    public float* Data { get; private set; }

    public long Count { get; }

    public Span<float> Span => new(Data, checked((int)Count));

    public void Dispose()
    {
        NativeMemory.AlignedFree(Data);
        Data = null;
    }
}
