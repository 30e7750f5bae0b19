using System.Reflection;
using System.Runtime.InteropServices;
using Xunit;

namespace Tessera.MetalEmulator;

/// <summary>
/// Stands in for Apple's Objective-C runtime and Metal behind a binding that calls objc_msgSend, and runs kernels' own text on this machine.
/// One process has one emulator: a session has it to itself.
/// </summary>
public static class Emulator
{
    private static readonly HashSet<Assembly> Installed = [];
    private static readonly SemaphoreSlim Turn = new(1);

    /// <summary>Why tests on the emulator cannot run on this machine; null where they can.</summary>
    public static string? Missing => EmulatorTools.Found is null ? EmulatorTools.Missing : null;

    /// <summary>Skips the running test, naming what is missing, where the emulator cannot be built here.</summary>
    public static void Require()
    {
        if (Missing is { } reason)
            Assert.Skip(reason);
    }

    /// <summary>The emulator's library: its exports are those of libobjc and of Metal.</summary>
    public static nint Handle => EmulatorLibrary.Instance.Handle;

    /// <summary>Answers the native libraries that a binding's assembly asks for (libobjc, Metal, CoreGraphics) with the emulator, once for each assembly.</summary>
    public static void Install(Assembly binding)
    {
        lock (Installed)
            if (Installed.Add(binding))
                NativeLibrary.SetDllImportResolver(binding, (name, _, _) => Answer(name));
    }

    /// <summary>Does the same for every assembly of a name that is loaded from now on into a load context of its own, as plugins are, until it is disposed.</summary>
    public static IDisposable InstallInto(string name) => new EmulatorInstallation(name);

    /// <summary>Waits until no other session is open and begins one. Skips the running test where the emulator cannot be built here.</summary>
    public static EmulatorSession Begin(EmulatorMode? mode = null)
    {
        Require();
        Assert.True(Turn.Wait(TimeSpan.FromMinutes(10)), "another session of the emulator is still open after ten minutes");
        try
        {
            return new EmulatorSession(EmulatorLibrary.Instance, mode ?? EmulatorMode.Plain, Turn);
        }
        catch
        {
            Turn.Release();
            throw;
        }
    }

    /// <summary>The emulator for a library of Apple's; 0 for any other.</summary>
    internal static nint Answer(string name) => IsApples(name) ? Handle : 0;

    private static bool IsApples(string name) =>
        name.Contains("libobjc", StringComparison.Ordinal) || name.Contains("Metal.framework", StringComparison.Ordinal) || name.Contains("CoreGraphics.framework", StringComparison.Ordinal);
}
