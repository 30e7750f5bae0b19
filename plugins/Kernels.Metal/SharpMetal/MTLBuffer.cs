using SharpMetal.ObjectiveCCore;

namespace SharpMetal.Metal;

/// <summary>Memory that kernels read and write.</summary>
/// <param name="ptr">The object.</param>
public struct MTLBuffer(IntPtr ptr) : IDisposable
{
    private static readonly Selector LengthName = "length", ContentsName = "contents", Release = "release";

    /// <summary>The object.</summary>
    public IntPtr NativePtr = ptr;

    /// <summary>The object.</summary>
    public static implicit operator IntPtr(MTLBuffer value) => value.NativePtr;

    /// <summary>Bytes.</summary>
    public readonly ulong Length => ObjectiveCRuntime.ulong_objc_msgSend(NativePtr, LengthName);

    /// <summary>The bytes; 0 for memory of the GPU alone.</summary>
    public readonly IntPtr Contents => ObjectiveCRuntime.IntPtr_objc_msgSend(NativePtr, ContentsName);

    /// <inheritdoc/>
    public readonly void Dispose() => ObjectiveCRuntime.objc_msgSend(NativePtr, Release);
}
