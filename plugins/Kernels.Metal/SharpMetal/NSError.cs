using SharpMetal.ObjectiveCCore;

namespace SharpMetal.Foundation;

/// <summary>Why a call failed.</summary>
/// <param name="ptr">The object; 0: nothing failed.</param>
public struct NSError(IntPtr ptr)
{
    private static readonly Selector CodeName = "code", Description = "localizedDescription";

    /// <summary>The object.</summary>
    public IntPtr NativePtr = ptr;

    /// <summary>The object.</summary>
    public static implicit operator IntPtr(NSError value) => value.NativePtr;

    /// <summary>The number within its domain.</summary>
    public readonly long Code => ObjectiveCRuntime.long_objc_msgSend(NativePtr, CodeName);

    /// <summary>What happened, for people.</summary>
    public readonly NSString LocalizedDescription => new(ObjectiveCRuntime.IntPtr_objc_msgSend(NativePtr, Description));
}
