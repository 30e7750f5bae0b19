using Microsoft.Extensions.DependencyInjection;

namespace Tessera.Quant.Mx;

/// <summary>Floats of four bits with a small float as the scale of each group: MXFP4 and NVFP4 with their parts apart.</summary>
public sealed class QuantMxPlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IServiceCollection services, IReadOnlyDictionary<string, string> options)
    {
        services.AddSingleton<IQuantization, MxFp4>();
        services.AddSingleton<IQuantization, NvFp4>();
    }
}
