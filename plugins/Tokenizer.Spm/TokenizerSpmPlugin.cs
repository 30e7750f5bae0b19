using Microsoft.Extensions.DependencyInjection;

namespace Tessera.Tokenizer.Spm;

/// <summary>SentencePiece: BPE with scores (<c>llama</c>), unigram (<c>t5</c>), tokenizer.model files (<c>sentencepiece</c>).</summary>
public sealed class TokenizerSpmPlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IServiceCollection services, IReadOnlyDictionary<string, string> options) =>
        services.AddSingleton<ITokenizerFactory, SpmFactory>();
}
