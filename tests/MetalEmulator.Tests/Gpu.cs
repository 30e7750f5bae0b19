using System.Runtime.InteropServices;

namespace Tessera.MetalEmulator.Tests;

/// <summary>A device with a queue: what the tests of the emulator run kernels with.</summary>
internal sealed unsafe class Gpu : IDisposable
{
    public const int Completed = 4, Failed = 5;

    private readonly List<nint> _owned = [];
    private readonly nint _pool = Message.Call("objc_autoreleasePoolPush");

    public Gpu() => Queue = Own(Message.To(Device, "newCommandQueue"));

    public nint Device { get; } = Message.Call("MTLCreateSystemDefaultDevice");

    public nint Queue { get; }

    public nint Own(nint o)
    {
        if (o != 0)
            _owned.Add(o);
        return o;
    }

    /// <summary>Compiles kernels; the text of the standard head is put before them, in one line.</summary>
    public nint Library(string kernels, out string error)
    {
        nint text = Message.NewString("#include <metal_stdlib>\nusing namespace metal;\n" + kernels), failure = 0;
        nint library = Own(Message.To(Device, "newLibraryWithSource:options:error:", text, 0, (nint)(&failure)));
        Message.To(text, "release");
        error = failure == 0 ? "" : Message.Text(Message.To(failure, "localizedDescription"));
        return library;
    }

    public nint Pipeline(string kernels, string name = "k")
    {
        nint library = Library(kernels, out string error);
        Assert.True(library != 0, error);
        return Pipeline(library, name, out error) is not 0 and nint pipeline ? pipeline : throw new InvalidOperationException(error);
    }

    public nint Pipeline(nint library, string name, out string error)
    {
        nint text = Message.NewString(name), failure = 0;
        nint function = Own(Message.To(library, "newFunctionWithName:", text));
        Message.To(text, "release");
        nint pipeline = Own(Message.To(Device, "newComputePipelineStateWithFunction:error:", function, (nint)(&failure)));
        error = failure == 0 ? "" : Message.Text(Message.To(failure, "localizedDescription"));
        return pipeline;
    }

    public nint Buffer(int bytes, int options = 0) => Own(Message.To(Device, "newBufferWithLength:options:", bytes, options));

    public nint Buffer<T>(params T[] values) where T : unmanaged
    {
        fixed (T* v = values)
            return Own(Message.To(Device, "newBufferWithBytes:length:options:", (nint)v, values.Length * sizeof(T), 0));
    }

    public static T[] Read<T>(nint buffer) where T : unmanaged =>
        new ReadOnlySpan<T>((void*)Message.To(buffer, "contents"), (int)Message.To(buffer, "length") / sizeof(T)).ToArray();

    /// <summary>Runs one dispatch with buffers at indices from 0 and returns the command buffer's status.</summary>
    public int Run(nint pipeline, Size groups, Size threads, params nint[] buffers)
    {
        (nint commands, nint encoder) = Encoder();
        Message.To(encoder, "setComputePipelineState:", pipeline);
        for (int i = 0; i < buffers.Length; i++)
            Message.To(encoder, "setBuffer:offset:atIndex:", buffers[i], 0, i);
        Message.To(encoder, "dispatchThreadgroups:threadsPerThreadgroup:", groups, threads);
        return Finish(commands, encoder);
    }

    public (nint Commands, nint Encoder) Encoder()
    {
        nint commands = Message.To(Queue, "commandBuffer");
        return (commands, Message.To(commands, "computeCommandEncoder"));
    }

    public static int Finish(nint commands, nint encoder)
    {
        Message.To(encoder, "endEncoding");
        Message.To(commands, "commit");
        Message.To(commands, "waitUntilCompleted");
        return (int)Message.To(commands, "status");
    }

    public void Dispose()
    {
        foreach (nint o in Enumerable.Reverse(_owned))
            Message.To(o, "release");
        Message.Call("objc_autoreleasePoolPop", _pool);
    }
}
