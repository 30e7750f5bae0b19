using System.Runtime.CompilerServices;
using SharpMetal.Metal;

namespace Tessera.Kernels.Metal.Device;

/// <summary>Writes dispatches into a command buffer.</summary>
internal readonly unsafe struct Commands(MTLComputeCommandEncoder encoder)
{
    /// <summary>Chooses the kernel.</summary>
    public Commands Use(Pipeline pipeline)
    {
        encoder.SetComputePipelineState(pipeline.State);
        return this;
    }

    /// <summary>Binds a buffer.</summary>
    public Commands Bind(int index, BufferRange range)
    {
        encoder.SetBuffer(range.Buffer, range.Offset, (ulong)index);
        return this;
    }

    /// <summary>Binds a copy of an argument struct.</summary>
    public Commands Bind<T>(int index, T arguments)
        where T : unmanaged
    {
        encoder.SetBytes((nint)(&arguments), (ulong)Unsafe.SizeOf<T>(), (ulong)index);
        return this;
    }

    /// <summary>Sizes an argument of threadgroup memory.</summary>
    public Commands Memory(int index, int bytes)
    {
        encoder.SetThreadgroupMemoryLength((ulong)bytes, (ulong)index);
        return this;
    }

    /// <summary>Runs the kernel on a grid of threadgroups.</summary>
    public void Run(long x, long y, long z, int threads) =>
        encoder.DispatchThreadgroups(new MTLSize { width = (ulong)x, height = (ulong)y, depth = (ulong)z }, new MTLSize { width = (ulong)threads, height = 1, depth = 1 });

    /// <summary>Runs a kernel with a thread for each element along x.</summary>
    public void RunElements(long width, long y, long z = 1)
    {
        int threads = (int)Math.Min(128, (width + 31) / 32 * 32);
        Run((width + threads - 1) / threads, y, z, threads);
    }
}
