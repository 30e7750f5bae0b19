using System.Runtime.Loader;

namespace Tessera.MetalEmulator;

/// <summary>Gives the emulator to the load contexts of the assemblies of a name, as they are loaded. Their host may have a resolver of its own on each assembly: the context is asked after it.</summary>
internal sealed class EmulatorInstallation : IDisposable
{
    private readonly string _name;

    public EmulatorInstallation(string name)
    {
        _name = name;
        AppDomain.CurrentDomain.AssemblyLoad += Loaded;
    }

    public void Dispose() => AppDomain.CurrentDomain.AssemblyLoad -= Loaded;

    private void Loaded(object? sender, AssemblyLoadEventArgs loaded)
    {
        if (loaded.LoadedAssembly.GetName().Name == _name && AssemblyLoadContext.GetLoadContext(loaded.LoadedAssembly) is { } context)
            context.ResolvingUnmanagedDll += static (_, name) => Emulator.Answer(name);
    }
}
