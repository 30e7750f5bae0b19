using Microsoft.Extensions.DependencyInjection;

namespace Tessera.Quant.Gptq;

/// <summary>GPTQ and AWQ: integers that are packed along the columns of the transposed matrix.</summary>
public sealed class QuantGptqPlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IServiceCollection services, IReadOnlyDictionary<string, string> options)
    {
        foreach (int bits in (int[])[2, 3, 4, 8])
            services.AddSingleton<IQuantization>(new GptqType(bits));
        services.AddSingleton<IQuantization, AwqType>();
    }
}
