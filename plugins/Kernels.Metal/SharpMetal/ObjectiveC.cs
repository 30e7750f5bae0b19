using System.Runtime.InteropServices;

namespace SharpMetal.ObjectiveCCore;

/// <summary>The Objective-C runtime's own functions.</summary>
public static partial class ObjectiveC
{
    /// <summary>The runtime's library.</summary>
    public const string ObjCRuntime = "/usr/lib/libobjc.A.dylib";

    /// <summary>The Metal framework.</summary>
    public const string MetalFramework = "/System/Library/Frameworks/Metal.framework/Metal";

    [LibraryImport(ObjCRuntime, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial IntPtr objc_getClass(string name);

    [LibraryImport(ObjCRuntime, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial IntPtr sel_registerName(string name);
}
