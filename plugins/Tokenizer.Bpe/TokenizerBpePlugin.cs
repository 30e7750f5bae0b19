using Microsoft.Extensions.DependencyInjection;

namespace Tessera.Tokenizer.Bpe;

/// <summary>Byte-level BPE (<c>gpt2</c>) and WordPiece (<c>bert</c>).</summary>
public sealed class TokenizerBpePlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IServiceCollection services, IReadOnlyDictionary<string, string> options)
    {
        services.AddSingleton<ITokenizerFactory, BpeFactory>();
        services.AddSingleton<ITokenizerFactory, WordPiece.WordPieceFactory>();
    }
}
