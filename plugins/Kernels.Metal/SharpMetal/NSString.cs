using System.Runtime.InteropServices;
using SharpMetal.ObjectiveCCore;

namespace SharpMetal.Foundation;

/// <summary>A string.</summary>
/// <param name="ptr">The object.</param>
public struct NSString(IntPtr ptr)
{
    private static readonly Selector StringWithUtf8 = "stringWithUTF8String:", Utf8 = "UTF8String";

    /// <summary>The object.</summary>
    public IntPtr NativePtr = ptr;

    /// <summary>The object.</summary>
    public static implicit operator IntPtr(NSString value) => value.NativePtr;

    /// <summary>A string that the innermost autorelease pool owns.</summary>
    public static implicit operator NSString(string? value) => String(value);

    /// <summary>A string that the innermost autorelease pool owns.</summary>
    public static NSString String(string? value) =>
        value is null ? default : new(ObjectiveCRuntime.IntPtr_objc_msgSend(new ObjectiveCClass("NSString"), StringWithUtf8, value));

    /// <inheritdoc/>
    public override readonly string? ToString() =>
        NativePtr == 0 ? null : Marshal.PtrToStringUTF8(ObjectiveCRuntime.IntPtr_objc_msgSend(NativePtr, Utf8));
}
