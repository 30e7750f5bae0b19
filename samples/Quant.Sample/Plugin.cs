using Microsoft.Extensions.DependencyInjection;
using Tessera.Abstractions.Plugins;
using Tessera.Abstractions.Quantization;

namespace Quant.Sample;

/// <summary>Three bits for each weight.</summary>
public sealed class Plugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IServiceCollection services, IReadOnlyDictionary<string, string> options) =>
        services.AddSingleton<IQuantization, Sample3>();
}
