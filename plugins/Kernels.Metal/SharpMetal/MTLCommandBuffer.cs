using SharpMetal.Foundation;
using SharpMetal.ObjectiveCCore;

namespace SharpMetal.Metal;

/// <summary>Work for the GPU.</summary>
/// <param name="ptr">The object.</param>
public struct MTLCommandBuffer(IntPtr ptr)
{
    private static readonly Selector Encoder = "computeCommandEncoder", CommitName = "commit", Wait = "waitUntilCompleted", StatusName = "status", ErrorName = "error";

    /// <summary>The object.</summary>
    public IntPtr NativePtr = ptr;

    /// <summary>The object.</summary>
    public static implicit operator IntPtr(MTLCommandBuffer value) => value.NativePtr;

    /// <summary>How far it is.</summary>
    public readonly MTLCommandBufferStatus Status => (MTLCommandBufferStatus)ObjectiveCRuntime.ulong_objc_msgSend(NativePtr, StatusName);

    /// <summary>Why it failed.</summary>
    public readonly NSError Error => new(ObjectiveCRuntime.IntPtr_objc_msgSend(NativePtr, ErrorName));

    /// <summary>An encoder whose dispatches run one after the other; the innermost autorelease pool owns it.</summary>
    public readonly MTLComputeCommandEncoder ComputeCommandEncoder() => new(ObjectiveCRuntime.IntPtr_objc_msgSend(NativePtr, Encoder));

    /// <summary>Gives it to the queue.</summary>
    public readonly void Commit() => ObjectiveCRuntime.objc_msgSend(NativePtr, CommitName);

    /// <summary>Blocks the thread until it has run or failed.</summary>
    public readonly void WaitUntilCompleted() => ObjectiveCRuntime.objc_msgSend(NativePtr, Wait);
}
