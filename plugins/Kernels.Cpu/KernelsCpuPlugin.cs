using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tessera.Kernels.Cpu.Lowering;
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
        Fusions fusions = options.GetValueOrDefault("fusions", "all") switch
        {
            "all" => Fusions.All,
            "none" => Fusions.None,
            "no-norms" => Fusions.All & ~Fusions.Norms,
            "no-rotations" => Fusions.All & ~Fusions.Rotations,
            "no-gates" => Fusions.All & ~Fusions.Gates,
            "no-features" => Fusions.All & ~Fusions.Features,
            var other => throw new TesseraException($"kernels.cpu.fusions: expected all, none, no-norms, no-rotations, no-gates or no-features, found '{other}'"),
        };
        bool transcode = options.GetValueOrDefault("transcode", "off") switch
        {
            "off" => false,
            "on" => true,
            var other => throw new TesseraException($"kernels.cpu.transcode: expected off or on, found '{other}'"),
        };
        services.AddSingleton<IKernelBackend>(provider => new CpuBackend(isa, fusions, provider.GetService<ILoggerFactory>()?.CreateLogger("Tessera.Kernels.Cpu"), transcode));
    }
}
