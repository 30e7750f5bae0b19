using System.Runtime.InteropServices;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>Native memory of a plan, 64-byte aligned, and what else lives as long; freed together.</summary>
internal sealed unsafe class NativeArena : IDisposable
{
    private readonly Dictionary<nint, long> _blocks = [];
    private readonly List<IDisposable> _owned = [];

    /// <summary>Bytes taken.</summary>
    public long Bytes { get; private set; }

    /// <summary>Takes bytes; their content is undefined.</summary>
    public byte* Take(long bytes)
    {
        long size = Math.Max(64, checked((bytes + 63) & ~63L));
        byte* block = (byte*)NativeMemory.AlignedAlloc((nuint)size, 64);
        _blocks.Add((nint)block, size);
        Bytes += size;
        return block;
    }

    /// <summary>Gives back what <see cref="Take"/> gave.</summary>
    public void Free(byte* block)
    {
        if (!_blocks.Remove((nint)block, out long size))
            throw new ArgumentException("not of this arena, or given back before", nameof(block));
        NativeMemory.AlignedFree(block);
        Bytes -= size;
    }

    /// <summary>Takes floats; their content is undefined.</summary>
    public float* Floats(long count) => (float*)Take(checked(count * sizeof(float)));

    /// <summary>Takes doubles; their content is undefined.</summary>
    public double* Doubles(long count) => (double*)Take(checked(count * sizeof(double)));

    /// <summary>Takes 32-bit integers, zero.</summary>
    public int* Integers(long count)
    {
        byte* block = Take(checked(count * sizeof(int)));
        NativeMemory.Clear(block, (nuint)(count * sizeof(int)));
        return (int*)block;
    }

    /// <summary>Takes over something to dispose of.</summary>
    public T Own<T>(T disposable)
        where T : IDisposable
    {
        _owned.Add(disposable);
        return disposable;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _owned.ForEach(owned => owned.Dispose());
        _owned.Clear();
        foreach (nint block in _blocks.Keys)
            NativeMemory.AlignedFree((void*)block);
        _blocks.Clear();
        Bytes = 0;
    }
}
