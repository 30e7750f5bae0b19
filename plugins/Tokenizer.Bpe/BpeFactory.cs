namespace Tessera.Tokenizer.Bpe;

/// <summary>Creates byte-level BPE tokenizers from assets of kind <c>gpt2</c>.</summary>
public sealed class BpeFactory : ITokenizerFactory
{
    /// <inheritdoc/>
    public bool CanCreate(TokenizerAssets assets) => assets.Model == "gpt2";

    /// <inheritdoc/>
    public ITokenizer Create(TokenizerAssets assets) => CanCreate(assets)
        ? new BpeTokenizer(assets)
        : throw new UnsupportedModelException($"tokenizer.bpe: no tokenizer of kind '{assets.Model}'; known here are gpt2 and bert");
}
