using Microsoft.Extensions.DependencyInjection;

namespace Tessera.Kernels.Metal;

/// <summary>The plugin's entry.</summary>
public sealed class KernelsMetalPlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IServiceCollection services, IReadOnlyDictionary<string, string> options)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(options);
        services.AddSingleton<IKernelBackend>(provider => new MetalBackend(provider.GetService<ILoggerFactory>()?.CreateLogger("Tessera.Kernels.Metal") ?? NullLogger.Instance));
    }
}
