using SharpMetal.ObjectiveCCore;

namespace SharpMetal.Metal;

/// <summary>Writes kernels and their arguments into a command buffer.</summary>
/// <param name="ptr">The object.</param>
public struct MTLComputeCommandEncoder(IntPtr ptr)
{
    private static readonly Selector SetState = "setComputePipelineState:", SetBufferName = "setBuffer:offset:atIndex:", SetBytesName = "setBytes:length:atIndex:",
        SetMemory = "setThreadgroupMemoryLength:atIndex:", Dispatch = "dispatchThreadgroups:threadsPerThreadgroup:", End = "endEncoding";

    /// <summary>The object.</summary>
    public IntPtr NativePtr = ptr;

    /// <summary>The object.</summary>
    public static implicit operator IntPtr(MTLComputeCommandEncoder value) => value.NativePtr;

    /// <summary>Chooses the kernel.</summary>
    public readonly void SetComputePipelineState(MTLComputePipelineState state) => ObjectiveCRuntime.objc_msgSend(NativePtr, SetState, state);

    /// <summary>Binds a buffer.</summary>
    public readonly void SetBuffer(MTLBuffer buffer, ulong offset, ulong index) => ObjectiveCRuntime.objc_msgSend(NativePtr, SetBufferName, buffer, offset, index);

    /// <summary>Binds a copy of at most 4096 bytes.</summary>
    public readonly void SetBytes(IntPtr bytes, ulong length, ulong index) => ObjectiveCRuntime.objc_msgSend(NativePtr, SetBytesName, bytes, length, index);

    /// <summary>Sizes an argument of threadgroup memory; a multiple of 16 bytes.</summary>
    public readonly void SetThreadgroupMemoryLength(ulong length, ulong index) => ObjectiveCRuntime.objc_msgSend(NativePtr, SetMemory, length, index);

    /// <summary>Runs the kernel.</summary>
    public readonly void DispatchThreadgroups(MTLSize threadgroupsPerGrid, MTLSize threadsPerThreadgroup) => ObjectiveCRuntime.objc_msgSend(NativePtr, Dispatch, threadgroupsPerGrid, threadsPerThreadgroup);

    /// <summary>Nothing more comes.</summary>
    public readonly void EndEncoding() => ObjectiveCRuntime.objc_msgSend(NativePtr, End);
}
