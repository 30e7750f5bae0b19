namespace Tessera.Tokenizer.Bpe.WordPiece;

/// <summary>Creates WordPiece tokenizers from assets of kind <c>bert</c>.</summary>
public sealed class WordPieceFactory : ITokenizerFactory
{
    /// <inheritdoc/>
    public bool CanCreate(TokenizerAssets assets) => assets.Model == "bert";

    /// <inheritdoc/>
    public ITokenizer Create(TokenizerAssets assets) => CanCreate(assets)
        ? new WordPieceTokenizer(assets)
        : throw new UnsupportedModelException($"tokenizer.bpe: no tokenizer of kind '{assets.Model}'; known here are gpt2 and bert");
}
