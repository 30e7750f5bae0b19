using Microsoft.Extensions.DependencyInjection;
using Tessera.Abstractions.Plugins;
using Tessera.Abstractions.Tokenizers;

namespace Acme.Plugin;

/// <summary>The entry: says what the plugin provides.</summary>
public sealed class Plugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IServiceCollection services, IReadOnlyDictionary<string, string> options) =>
        services.AddSingleton<ITokenizerFactory, LongestFactory>();
}
