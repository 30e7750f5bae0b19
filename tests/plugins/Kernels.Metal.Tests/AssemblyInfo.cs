using System.Runtime.CompilerServices;
using SharpMetal.ObjectiveCCore;
using Tessera.MetalEmulator;

namespace Tessera.Kernels.Metal.Tests;

internal static class AssemblyInfo
{
    // The binding knows nothing of the emulator.
    [ModuleInitializer]
    public static void Install() => Emulator.Install(typeof(ObjectiveC).Assembly);
}
