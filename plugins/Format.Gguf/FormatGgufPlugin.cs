using Microsoft.Extensions.DependencyInjection;

namespace Tessera.Format.Gguf;

/// <summary>The plugin <c>format.gguf</c>.</summary>
public sealed class FormatGgufPlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IServiceCollection services, IReadOnlyDictionary<string, string> options) =>
        services.AddSingleton<IWeightFormat, GgufFormat>().AddSingleton<IWeightWriter, Writing.GgufWeightWriter>();
}
