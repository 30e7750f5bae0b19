namespace Tessera.Tokenizer.Spm;

/// <summary>Creates SentencePiece tokenizers from assets of kind <c>llama</c>.</summary>
public sealed class SpmFactory : ITokenizerFactory
{
    /// <inheritdoc/>
    public bool CanCreate(TokenizerAssets assets) => assets.Model == "llama";

    /// <inheritdoc/>
    public ITokenizer Create(TokenizerAssets assets) => assets.Model switch
    {
        "llama" => new SpmTokenizer(assets),
        "t5" => throw new UnsupportedModelException("tokenizer.spm: the unigram tokenizer 't5' is not supported; known here is llama (BPE with scores)"),
        _ => throw new UnsupportedModelException($"tokenizer.spm: no tokenizer of kind '{assets.Model}'; known here is llama (BPE with scores)"),
    };
}
