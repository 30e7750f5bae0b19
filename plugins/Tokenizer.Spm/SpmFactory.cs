using Tessera.Tokenizer.Spm.Files;
using Tessera.Tokenizer.Spm.Plamo;

namespace Tessera.Tokenizer.Spm;

/// <summary>Creates SentencePiece tokenizers from assets of kind <c>llama</c> (BPE with scores), <c>t5</c> (unigram), <c>plamo2</c> and <c>sentencepiece</c> (a tokenizer.model file).</summary>
public sealed class SpmFactory : ITokenizerFactory
{
    /// <inheritdoc/>
    public bool CanCreate(TokenizerAssets assets) => assets.Model is "llama" or "t5" or "plamo2" or "sentencepiece";

    /// <inheritdoc/>
    public ITokenizer Create(TokenizerAssets assets) => assets.Model switch
    {
        "llama" => new SpmTokenizer(assets),
        "t5" => new UnigramTokenizer(assets),
        "plamo2" => new PlamoTokenizer(assets),
        "sentencepiece" => SentencePieceReader.Create(assets),
        _ => throw new UnsupportedModelException($"tokenizer.spm: no tokenizer of kind '{assets.Model}'; known here are llama, t5, plamo2 and sentencepiece"),
    };
}
