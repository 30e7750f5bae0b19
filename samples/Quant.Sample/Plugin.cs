using Microsoft.Extensions.DependencyInjection;
using Tessera.Abstractions.Plugins;
using Tessera.Abstractions.Quantization;

namespace Quant.Sample;

/// <summary>Three bits for each weight, described and not.</summary>
public sealed class Plugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IServiceCollection services, IReadOnlyDictionary<string, string> options) =>
        services.AddSingleton<IQuantization, Sample3>().AddSingleton<IQuantization, Sample3Unpack>();
}
