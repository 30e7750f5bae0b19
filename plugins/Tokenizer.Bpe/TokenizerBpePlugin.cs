using Microsoft.Extensions.DependencyInjection;

namespace Tessera.Tokenizer.Bpe;

/// <summary>BPE (<c>gpt2</c>, <c>gemma4</c>, <c>whitespace</c>, <c>hybriddna</c>, <c>tiktoken</c>), RWKV's longest match (<c>rwkv</c>) and WordPiece (<c>bert</c>).</summary>
public sealed class TokenizerBpePlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IServiceCollection services, IReadOnlyDictionary<string, string> options)
    {
        services.AddSingleton<ITokenizerFactory, BpeFactory>();
        services.AddSingleton<ITokenizerFactory, Tiktoken.TiktokenFactory>();
        services.AddSingleton<ITokenizerFactory, WordPiece.WordPieceFactory>();
    }
}
