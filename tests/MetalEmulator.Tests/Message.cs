using System.Runtime.InteropServices;
using System.Text;

namespace Tessera.MetalEmulator.Tests;

/// <summary>Sends Objective-C messages to the emulator, right ones and wrong ones, without a binding.</summary>
internal static unsafe class Message
{
    private static nint Export(string name) => NativeLibrary.GetExport(Emulator.Handle, name);

    private static readonly Lazy<nint> SendAddress = new(() => Export("objc_msgSend"));

    private static nint Send => SendAddress.Value;

    public static nint Selector(string name)
    {
        fixed (byte* n = Utf8(name))
            return ((delegate* unmanaged<byte*, nint>)Export("sel_registerName"))(n);
    }

    public static nint Class(string name)
    {
        fixed (byte* n = Utf8(name))
            return ((delegate* unmanaged<byte*, nint>)Export("objc_getClass"))(n);
    }

    public static nint To(nint o, string s) => ((delegate* unmanaged<nint, nint, nint>)Send)(o, Selector(s));

    public static nint To(nint o, string s, nint a) => ((delegate* unmanaged<nint, nint, nint, nint>)Send)(o, Selector(s), a);

    public static nint To(nint o, string s, nint a, nint b) => ((delegate* unmanaged<nint, nint, nint, nint, nint>)Send)(o, Selector(s), a, b);

    public static nint To(nint o, string s, nint a, nint b, nint c) => ((delegate* unmanaged<nint, nint, nint, nint, nint, nint>)Send)(o, Selector(s), a, b, c);

    public static nint To(nint o, string s, nint a, nint b, nint c, nint d) => ((delegate* unmanaged<nint, nint, nint, nint, nint, nint, nint>)Send)(o, Selector(s), a, b, c, d);

    public static nint To(nint o, string s, nint a, nint b, nint c, nint d, nint e) =>
        ((delegate* unmanaged<nint, nint, nint, nint, nint, nint, nint, nint>)Send)(o, Selector(s), a, b, c, d, e);

    public static void To(nint o, string s, Size a, Size b) => ((delegate* unmanaged<nint, nint, Size, Size, void>)Send)(o, Selector(s), a, b);

    public static double Seconds(nint o, string s) => ((delegate* unmanaged<nint, nint, double>)Send)(o, Selector(s));

    public static nint Call(string function) => ((delegate* unmanaged<nint>)Export(function))();

    public static void Call(string function, nint argument) => ((delegate* unmanaged<nint, void>)Export(function))(argument);

    /// <summary>An NSString that the caller owns.</summary>
    public static nint NewString(string text)
    {
        fixed (byte* t = Utf8(text))
            return To(To(Class("NSString"), "alloc"), "initWithUTF8String:", (nint)t);
    }

    public static string Text(nint nsString) => Marshal.PtrToStringUTF8(To(nsString, "UTF8String")) ?? "";

    private static byte[] Utf8(string text) => [.. Encoding.UTF8.GetBytes(text), 0];
}

/// <summary>MTLSize.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct Size(ulong Width, ulong Height = 1, ulong Depth = 1);
