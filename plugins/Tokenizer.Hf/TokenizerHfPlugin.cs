using Microsoft.Extensions.DependencyInjection;

namespace Tessera.Tokenizer.Hf;

/// <summary>tokenizer.json (<c>hf</c>).</summary>
public sealed class TokenizerHfPlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IServiceCollection services, IReadOnlyDictionary<string, string> options) =>
        services.AddSingleton<ITokenizerFactory, HfFactory>();
}
