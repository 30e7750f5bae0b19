using Microsoft.Extensions.DependencyInjection;
using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu;

/// <summary>The plugin's entry.</summary>
public sealed class KernelsCpuPlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IServiceCollection services, IReadOnlyDictionary<string, string> options)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(options);
        CpuIsa isa = CpuIsa.Parse(options.GetValueOrDefault("isa", "auto"));
        services.AddSingleton<IKernelBackend>(new CpuBackend(isa));
    }
}
