using System.Reflection;
using System.Runtime.InteropServices;

namespace Tessera.Host.Plugins;

/// <summary>
/// The native libraries of one generation. An import is looked for in the generation's own package and loaded by its full path: by its name alone the runtime would remember one for the whole process, and give it to the next version and to
/// any other plugin that asks for the same name. Freed once nothing can call them any more.
/// </summary>
/// <param name="folder">The package's folder.</param>
internal sealed class NativeLibraries(string folder)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, nint> _loaded = new(StringComparer.Ordinal);

    /// <summary>Answers the imports of an assembly of the package.</summary>
    public void Attach(Assembly assembly) => NativeLibrary.SetDllImportResolver(assembly, (name, _, _) => Find(name));

    /// <summary>Frees what was loaded. Only when the generation's assemblies are dead.</summary>
    public void Free()
    {
        lock (_lock)
        {
            foreach (nint handle in _loaded.Values)
                NativeLibrary.Free(handle);
            _loaded.Clear();
        }
    }

    /// <summary>The package's library, or 0: then the import is one of the system's.</summary>
    private nint Find(string name)
    {
        if (name.Length == 0 || Path.GetFileName(name) != name)
            return 0;
        lock (_lock)
        {
            if (_loaded.TryGetValue(name, out nint handle))
                return handle;
            string? path = Candidates(name).FirstOrDefault(File.Exists);
            return path is null ? 0 : _loaded[name] = NativeLibrary.Load(path);
        }
    }

    /// <summary>Beside the assembly, or where NuGet packages have it; with the system's prefix and ending or without.</summary>
    private IEnumerable<string> Candidates(string name)
    {
        string ending = OperatingSystem.IsWindows() ? ".dll" : OperatingSystem.IsMacOS() ? ".dylib" : ".so";
        return from place in new[] { folder, Path.Combine(folder, "runtimes", RuntimeInformation.RuntimeIdentifier, "native") }
               from file in new[] { name, $"{name}{ending}", $"lib{name}{ending}" }
               select Path.Combine(place, file);
    }
}
