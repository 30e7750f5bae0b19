using System.Runtime.InteropServices;
using SharpMetal.Foundation;
using SharpMetal.ObjectiveCCore;

namespace SharpMetal.Metal;

/// <summary>A GPU.</summary>
/// <param name="ptr">The object.</param>
public partial struct MTLDevice(IntPtr ptr) : IDisposable
{
    private static readonly Selector NameName = "name", Unified = "hasUnifiedMemory", MaxLength = "maxBufferLength", WorkingSet = "recommendedMaxWorkingSetSize", MaxMemory = "maxThreadgroupMemoryLength", Supports = "supportsFamily:",
        WithLength = "newBufferWithLength:options:", WithBytes = "newBufferWithBytes:length:options:", NoCopy = "newBufferWithBytesNoCopy:length:options:deallocator:",
        Library = "newLibraryWithSource:options:error:", State = "newComputePipelineStateWithFunction:error:", Queue = "newCommandQueue", Release = "release";

    /// <summary>The object.</summary>
    public IntPtr NativePtr = ptr;

    /// <summary>The object.</summary>
    public static implicit operator IntPtr(MTLDevice value) => value.NativePtr;

    /// <summary>Its name, for people.</summary>
    public readonly NSString Name => new(ObjectiveCRuntime.IntPtr_objc_msgSend(NativePtr, NameName));

    /// <summary>Whether both processors share their memory.</summary>
    public readonly bool HasUnifiedMemory => ObjectiveCRuntime.bool_objc_msgSend(NativePtr, Unified);

    /// <summary>The most bytes of a buffer.</summary>
    public readonly ulong MaxBufferLength => ObjectiveCRuntime.ulong_objc_msgSend(NativePtr, MaxLength);

    /// <summary>The most bytes that can be in use without loss of speed.</summary>
    public readonly ulong RecommendedMaxWorkingSetSize => ObjectiveCRuntime.ulong_objc_msgSend(NativePtr, WorkingSet);

    /// <summary>The most threadgroup memory, in bytes.</summary>
    public readonly ulong MaxThreadgroupMemoryLength => ObjectiveCRuntime.ulong_objc_msgSend(NativePtr, MaxMemory);

    /// <summary>The system's GPU, owned by the caller; 0 inside where there is none.</summary>
    public static MTLDevice CreateSystemDefaultDevice() => new(MTLCreateSystemDefaultDevice());

    /// <summary>All GPUs, owned by the caller.</summary>
    public static NSArray CopyAllDevices() => new(MTLCopyAllDevices());

    /// <summary>Whether it has what a generation has.</summary>
    public readonly bool SupportsFamily(MTLGPUFamily gpuFamily) => ObjectiveCRuntime.bool_objc_msgSend(NativePtr, Supports, (long)gpuFamily);

    /// <summary>A new buffer, owned by the caller; 0 inside where memory is short.</summary>
    public readonly MTLBuffer NewBuffer(ulong length, MTLResourceOptions options) => new(ObjectiveCRuntime.IntPtr_objc_msgSend(NativePtr, WithLength, length, (ulong)options));

    /// <summary>A new buffer with a copy of bytes.</summary>
    public readonly MTLBuffer NewBuffer(IntPtr pointer, ulong length, MTLResourceOptions options) => new(ObjectiveCRuntime.IntPtr_objc_msgSend(NativePtr, WithBytes, pointer, length, (ulong)options));

    /// <summary>A buffer over whole pages that stay the caller's.</summary>
    public readonly MTLBuffer NewBuffer(IntPtr pointer, ulong length, MTLResourceOptions options, IntPtr deallocator) => new(ObjectiveCRuntime.IntPtr_objc_msgSend(NativePtr, NoCopy, pointer, length, (ulong)options, deallocator));

    /// <summary>Compiles a text; 0 inside where that fails.</summary>
    public readonly MTLLibrary NewLibrary(NSString source, MTLCompileOptions options, ref NSError error) => new(ObjectiveCRuntime.IntPtr_objc_msgSend(NativePtr, Library, source, options, ref error.NativePtr));

    /// <summary>Makes a kernel ready to run; 0 inside where that fails.</summary>
    public readonly MTLComputePipelineState NewComputePipelineState(MTLFunction computeFunction, ref NSError error) => new(ObjectiveCRuntime.IntPtr_objc_msgSend(NativePtr, State, computeFunction, ref error.NativePtr));

    /// <summary>A new queue, owned by the caller.</summary>
    public readonly MTLCommandQueue NewCommandQueue() => new(ObjectiveCRuntime.IntPtr_objc_msgSend(NativePtr, Queue));

    /// <inheritdoc/>
    public readonly void Dispose() => ObjectiveCRuntime.objc_msgSend(NativePtr, Release);

    [LibraryImport(ObjectiveC.MetalFramework)]
    private static partial IntPtr MTLCreateSystemDefaultDevice();

    [LibraryImport(ObjectiveC.MetalFramework)]
    private static partial IntPtr MTLCopyAllDevices();
}
