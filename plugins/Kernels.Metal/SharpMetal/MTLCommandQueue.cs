using SharpMetal.ObjectiveCCore;

namespace SharpMetal.Metal;

/// <summary>Runs command buffers in order.</summary>
/// <param name="ptr">The object.</param>
public struct MTLCommandQueue(IntPtr ptr) : IDisposable
{
    private static readonly Selector CommandBufferName = "commandBuffer", Release = "release";

    /// <summary>The object.</summary>
    public IntPtr NativePtr = ptr;

    /// <summary>The object.</summary>
    public static implicit operator IntPtr(MTLCommandQueue value) => value.NativePtr;

    /// <summary>A new command buffer that the innermost autorelease pool owns.</summary>
    public readonly MTLCommandBuffer CommandBuffer() => new(ObjectiveCRuntime.IntPtr_objc_msgSend(NativePtr, CommandBufferName));

    /// <inheritdoc/>
    public readonly void Dispose() => ObjectiveCRuntime.objc_msgSend(NativePtr, Release);
}
