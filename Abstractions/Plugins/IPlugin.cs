using Microsoft.Extensions.DependencyInjection;

namespace Tessera.Abstractions.Plugins;

/// <summary>A plugin's entry: the type that its manifest names. Its constructor takes no arguments and has no side effects.</summary>
public interface IPlugin
{
    /// <summary>Registers what the plugin provides, by contract interface, in the plugin's own container. The host's logging is there already.</summary>
    /// <param name="services">The plugin's own services; the container is built from them and disposed with the plugin.</param>
    /// <param name="options">The plugin's options from the configuration, checked against the manifest, defaults filled in.</param>
    /// <exception cref="PluginOptionException">An option has a value that the plugin cannot take, or that contradicts another one's.</exception>
    void Configure(IServiceCollection services, IReadOnlyDictionary<string, string> options);
}

/// <summary>States which version of the contract an assembly was built for; read from the file before any code of it runs.</summary>
/// <param name="version">major.minor, such as <c>0.1</c>.</param>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class PluginContractAttribute(string version) : Attribute
{
    /// <summary>major.minor.</summary>
    public string Version { get; } = version;
}

/// <summary>The version of the contract that this assembly is.</summary>
public static class PluginContract
{
    /// <summary>Changes when something is removed or changed.</summary>
    public const int Major = 0;

    /// <summary>Changes when something is added; while the major is 0 a plugin's must be equal.</summary>
    public const int Minor = 1;

    /// <summary>major.minor as text.</summary>
    public const string Version = "0.1";
}
