using Microsoft.Extensions.DependencyInjection;

namespace Tessera.Kernels.Cpu.Jit;

/// <summary>The plugin's entry.</summary>
public sealed class KernelsCpuJitPlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IServiceCollection services, IReadOnlyDictionary<string, string> options) => services.AddSingleton<ITileSource, JitTileSource>();
}
