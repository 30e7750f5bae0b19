using Microsoft.Extensions.DependencyInjection;

namespace Tessera.Quant.Ggml;

/// <summary>The tensor types of ggml, as GGUF files hold them.</summary>
public sealed class QuantGgmlPlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IServiceCollection services, IReadOnlyDictionary<string, string> options)
    {
        foreach (GgmlType type in GgmlTypes.All())
            services.AddSingleton<IQuantization>(type);
    }
}
