using Microsoft.Extensions.DependencyInjection;
using Tessera.Quant.Fp8Nf4.Fp8;
using Tessera.Quant.Fp8Nf4.Nf4;

namespace Tessera.Quant.Fp8Nf4;

/// <summary>Floats of eight bits and normal floats of four bits.</summary>
public sealed class QuantFp8Nf4Plugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IServiceCollection services, IReadOnlyDictionary<string, string> options)
    {
        services.AddSingleton<IQuantization, Fp8Type<E4M3>>();
        services.AddSingleton<IQuantization, Fp8Type<E5M2>>();
        services.AddSingleton<IQuantization, MxFp8Type>();
        services.AddSingleton<IQuantization, Nf4Type>();
    }
}
