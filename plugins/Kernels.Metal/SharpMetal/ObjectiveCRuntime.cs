using System.Runtime.InteropServices;
using SharpMetal.Metal;

namespace SharpMetal.ObjectiveCCore;

/// <summary><c>objc_msgSend</c>, one overload for each shape of arguments that is used; the prefix names what comes back.</summary>
public static partial class ObjectiveCRuntime
{
    private const string Library = ObjectiveC.ObjCRuntime, Send = "objc_msgSend";

    [LibraryImport(Library, EntryPoint = Send)]
    internal static partial void objc_msgSend(IntPtr receiver, Selector selector);

    [LibraryImport(Library, EntryPoint = Send)]
    internal static partial void objc_msgSend(IntPtr receiver, Selector selector, IntPtr a);

    [LibraryImport(Library, EntryPoint = Send)]
    internal static partial void objc_msgSend(IntPtr receiver, Selector selector, [MarshalAs(UnmanagedType.I1)] bool a);

    [LibraryImport(Library, EntryPoint = Send)]
    internal static partial void objc_msgSend(IntPtr receiver, Selector selector, ulong a);

    [LibraryImport(Library, EntryPoint = Send)]
    internal static partial void objc_msgSend(IntPtr receiver, Selector selector, ulong a, ulong b);

    [LibraryImport(Library, EntryPoint = Send)]
    internal static partial void objc_msgSend(IntPtr receiver, Selector selector, IntPtr a, ulong b, ulong c);

    [LibraryImport(Library, EntryPoint = Send)]
    internal static partial void objc_msgSend(IntPtr receiver, Selector selector, MTLSize a, MTLSize b);

    [LibraryImport(Library, EntryPoint = Send)]
    internal static partial IntPtr IntPtr_objc_msgSend(IntPtr receiver, Selector selector);

    [LibraryImport(Library, EntryPoint = Send)]
    internal static partial IntPtr IntPtr_objc_msgSend(IntPtr receiver, Selector selector, IntPtr a);

    [LibraryImport(Library, EntryPoint = Send)]
    internal static partial IntPtr IntPtr_objc_msgSend(IntPtr receiver, Selector selector, ulong a);

    [LibraryImport(Library, EntryPoint = Send)]
    internal static partial IntPtr IntPtr_objc_msgSend(IntPtr receiver, Selector selector, ulong a, ulong b);

    [LibraryImport(Library, EntryPoint = Send)]
    internal static partial IntPtr IntPtr_objc_msgSend(IntPtr receiver, Selector selector, IntPtr a, ulong b, ulong c);

    [LibraryImport(Library, EntryPoint = Send)]
    internal static partial IntPtr IntPtr_objc_msgSend(IntPtr receiver, Selector selector, IntPtr a, ulong b, ulong c, IntPtr d);

    [LibraryImport(Library, EntryPoint = Send)]
    internal static partial IntPtr IntPtr_objc_msgSend(IntPtr receiver, Selector selector, IntPtr a, ref IntPtr b);

    [LibraryImport(Library, EntryPoint = Send)]
    internal static partial IntPtr IntPtr_objc_msgSend(IntPtr receiver, Selector selector, IntPtr a, IntPtr b, ref IntPtr c);

    [LibraryImport(Library, EntryPoint = Send, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial IntPtr IntPtr_objc_msgSend(IntPtr receiver, Selector selector, string a);

    [LibraryImport(Library, EntryPoint = Send)]
    internal static partial ulong ulong_objc_msgSend(IntPtr receiver, Selector selector);

    [LibraryImport(Library, EntryPoint = Send)]
    internal static partial long long_objc_msgSend(IntPtr receiver, Selector selector);

    [LibraryImport(Library, EntryPoint = Send)]
    [return: MarshalAs(UnmanagedType.I1)]
    internal static partial bool bool_objc_msgSend(IntPtr receiver, Selector selector);

    [LibraryImport(Library, EntryPoint = Send)]
    [return: MarshalAs(UnmanagedType.I1)]
    internal static partial bool bool_objc_msgSend(IntPtr receiver, Selector selector, long a);
}
