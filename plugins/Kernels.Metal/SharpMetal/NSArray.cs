using SharpMetal.ObjectiveCCore;

namespace SharpMetal.Foundation;

/// <summary>A list of objects.</summary>
/// <param name="ptr">The object.</param>
public struct NSArray(IntPtr ptr)
{
    private static readonly Selector CountName = "count", ObjectAtIndex = "objectAtIndex:";

    /// <summary>The object.</summary>
    public IntPtr NativePtr = ptr;

    /// <summary>The object.</summary>
    public static implicit operator IntPtr(NSArray value) => value.NativePtr;

    /// <summary>The number of objects.</summary>
    public readonly ulong Count => ObjectiveCRuntime.ulong_objc_msgSend(NativePtr, CountName);

    /// <summary>An object, which the list owns.</summary>
    public readonly IntPtr Object(ulong index) => ObjectiveCRuntime.IntPtr_objc_msgSend(NativePtr, ObjectAtIndex, index);
}
