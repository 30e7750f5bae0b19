using Microsoft.Extensions.DependencyInjection;

namespace Tessera.Format.Safetensors;

/// <summary>The plugin <c>format.safetensors</c>.</summary>
public sealed class FormatSafetensorsPlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IServiceCollection services, IReadOnlyDictionary<string, string> options) =>
        services.AddSingleton<IWeightFormat, SafetensorsFormat>();
}
