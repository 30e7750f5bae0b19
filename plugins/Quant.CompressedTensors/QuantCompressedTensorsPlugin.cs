using Microsoft.Extensions.DependencyInjection;
using Tessera.Quant.Common;

namespace Tessera.Quant.CompressedTensors;

/// <summary>The integers of compressed-tensors.</summary>
public sealed class QuantCompressedTensorsPlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IServiceCollection services, IReadOnlyDictionary<string, string> options)
    {
        services.AddSingleton<IQuantization>(new PackedType(4));
        services.AddSingleton<IQuantization>(new PackedType(8));
        services.AddSingleton<IQuantization>(new SignedBytes("ct_int8", divisor: 1));
    }
}
