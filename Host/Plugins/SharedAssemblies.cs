namespace Tessera.Host.Plugins;

/// <summary>The assemblies that host and plugins share: the contracts and what the contracts name. A package that brings a copy of one would have types of its own with the same names.</summary>
internal static class SharedAssemblies
{
    /// <summary>A type of each.</summary>
    public static Type[] Types => [typeof(IPlugin), typeof(IServiceCollection), typeof(ILogger)];

    /// <summary>Whether a package may not bring an assembly of this name.</summary>
    public static bool IsShared(string assembly) =>
        assembly.Equals("Tessera.Abstractions", StringComparison.OrdinalIgnoreCase)
        || (assembly.StartsWith("Microsoft.Extensions.", StringComparison.OrdinalIgnoreCase) && assembly.EndsWith("Abstractions", StringComparison.OrdinalIgnoreCase));
}
