using SharpMetal.ObjectiveCCore;

namespace SharpMetal.Metal;

/// <summary>A kernel that is ready to run.</summary>
/// <param name="ptr">The object.</param>
public struct MTLComputePipelineState(IntPtr ptr) : IDisposable
{
    private static readonly Selector MaxThreads = "maxTotalThreadsPerThreadgroup", Width = "threadExecutionWidth", Release = "release";

    /// <summary>The object.</summary>
    public IntPtr NativePtr = ptr;

    /// <summary>The object.</summary>
    public static implicit operator IntPtr(MTLComputePipelineState value) => value.NativePtr;

    /// <summary>The most threads of a threadgroup.</summary>
    public readonly ulong MaxTotalThreadsPerThreadgroup => ObjectiveCRuntime.ulong_objc_msgSend(NativePtr, MaxThreads);

    /// <summary>Threads of a simdgroup.</summary>
    public readonly ulong ThreadExecutionWidth => ObjectiveCRuntime.ulong_objc_msgSend(NativePtr, Width);

    /// <inheritdoc/>
    public readonly void Dispose() => ObjectiveCRuntime.objc_msgSend(NativePtr, Release);
}
