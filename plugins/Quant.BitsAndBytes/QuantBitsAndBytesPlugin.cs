using Microsoft.Extensions.DependencyInjection;
using Tessera.Quant.Common;

namespace Tessera.Quant.BitsAndBytes;

/// <summary>The types of bitsandbytes.</summary>
public sealed class QuantBitsAndBytesPlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IServiceCollection services, IReadOnlyDictionary<string, string> options)
    {
        services.AddSingleton<IQuantization>(new FourBitType("bnb_nf4"));
        services.AddSingleton<IQuantization>(new FourBitType("bnb_fp4"));
        services.AddSingleton<IQuantization>(new SignedBytes("bnb_int8", divisor: 127));
    }
}
