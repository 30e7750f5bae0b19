using Microsoft.Extensions.DependencyInjection;

namespace Tessera.Quant.Mlx;

/// <summary>The affine types of MLX.</summary>
public sealed class QuantMlxPlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IServiceCollection services, IReadOnlyDictionary<string, string> options)
    {
        foreach (int bits in (int[])[2, 3, 4, 5, 6, 8])
            services.AddSingleton<IQuantization>(new MlxAffine(bits));
    }
}
