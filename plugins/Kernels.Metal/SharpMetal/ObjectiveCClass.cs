namespace SharpMetal.ObjectiveCCore;

/// <summary>A class of the runtime.</summary>
/// <param name="name">Its name.</param>
public readonly struct ObjectiveCClass(string name)
{
    /// <summary>The class object.</summary>
    public readonly IntPtr NativePtr = ObjectiveC.objc_getClass(name);

    /// <summary>The pointer.</summary>
    public static implicit operator IntPtr(ObjectiveCClass value) => value.NativePtr;

    /// <summary>A new object of the class, owned by the caller.</summary>
    public IntPtr AllocInit() =>
        ObjectiveCRuntime.IntPtr_objc_msgSend(ObjectiveCRuntime.IntPtr_objc_msgSend(NativePtr, "alloc"), "init");
}
