using System.Runtime.InteropServices;
using SharpMetal.ObjectiveCCore;

namespace Tessera.Kernels.Metal.Device;

/// <summary>What the plugin needs of the Objective-C runtime beyond SharpMetal.</summary>
internal static partial class Native
{
    private const string CoreGraphics = "/System/Library/Frameworks/CoreGraphics.framework/CoreGraphics";

    /// <summary>Begins an autorelease pool on this thread.</summary>
    [LibraryImport(ObjectiveC.ObjCRuntime, EntryPoint = "objc_autoreleasePoolPush")]
    public static partial nint PushPool();

    /// <summary>Releases what the pool owns.</summary>
    [LibraryImport(ObjectiveC.ObjCRuntime, EntryPoint = "objc_autoreleasePoolPop")]
    public static partial void PopPool(nint pool);

    /// <summary>Keeps an object beyond its pool.</summary>
    [LibraryImport(ObjectiveC.ObjCRuntime, EntryPoint = "objc_retain")]
    public static partial nint Retain(nint value);

    /// <summary>Gives an object up.</summary>
    [LibraryImport(ObjectiveC.ObjCRuntime, EntryPoint = "objc_release")]
    public static partial void Release(nint value);

    /// <summary>Brings CoreGraphics into the process, by a call that does nothing else: without it, a program of the command line may find no default device.</summary>
    [LibraryImport(CoreGraphics, EntryPoint = "CGColorSpaceGetTypeID")]
    public static partial nuint LoadCoreGraphics();
}

/// <summary>An autorelease pool for a scope.</summary>
internal readonly ref struct AutoreleasePool()
{
    private readonly nint _pool = Native.PushPool();

    public void Dispose() => Native.PopPool(_pool);
}
