using SharpMetal.Foundation;
using SharpMetal.ObjectiveCCore;

namespace SharpMetal.Metal;

/// <summary>Compiled kernels.</summary>
/// <param name="ptr">The object.</param>
public struct MTLLibrary(IntPtr ptr) : IDisposable
{
    private static readonly Selector NewFunctionWithName = "newFunctionWithName:", Release = "release";

    /// <summary>The object.</summary>
    public IntPtr NativePtr = ptr;

    /// <summary>The object.</summary>
    public static implicit operator IntPtr(MTLLibrary value) => value.NativePtr;

    /// <summary>A kernel by name; 0 inside where there is none.</summary>
    public readonly MTLFunction NewFunction(NSString functionName) => new(ObjectiveCRuntime.IntPtr_objc_msgSend(NativePtr, NewFunctionWithName, functionName));

    /// <inheritdoc/>
    public readonly void Dispose() => ObjectiveCRuntime.objc_msgSend(NativePtr, Release);
}

/// <summary>One kernel of a library.</summary>
/// <param name="ptr">The object.</param>
public struct MTLFunction(IntPtr ptr) : IDisposable
{
    private static readonly Selector Release = "release";

    /// <summary>The object.</summary>
    public IntPtr NativePtr = ptr;

    /// <summary>The object.</summary>
    public static implicit operator IntPtr(MTLFunction value) => value.NativePtr;

    /// <inheritdoc/>
    public readonly void Dispose() => ObjectiveCRuntime.objc_msgSend(NativePtr, Release);
}

/// <summary>How a text is compiled.</summary>
/// <param name="ptr">The object.</param>
public struct MTLCompileOptions(IntPtr ptr) : IDisposable
{
    private static readonly Selector SetFastMath = "setFastMathEnabled:", Release = "release";

    /// <summary>The object.</summary>
    public IntPtr NativePtr = ptr;

    /// <summary>New options, owned by the caller.</summary>
    public MTLCompileOptions() : this(new ObjectiveCClass("MTLCompileOptions").AllocInit())
    {
    }

    /// <summary>The object.</summary>
    public static implicit operator IntPtr(MTLCompileOptions value) => value.NativePtr;

    /// <summary>Whether the compiler may reorder sums and ignore infinities.</summary>
    public readonly bool FastMathEnabled
    {
        set => ObjectiveCRuntime.objc_msgSend(NativePtr, SetFastMath, value);
    }

    /// <inheritdoc/>
    public readonly void Dispose() => ObjectiveCRuntime.objc_msgSend(NativePtr, Release);
}
