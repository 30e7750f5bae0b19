using Tessera.Tokenizer.Bpe.Dna;
using Tessera.Tokenizer.Bpe.PreTokenizers;
using Tessera.Tokenizer.Bpe.Rwkv;

namespace Tessera.Tokenizer.Bpe;

/// <summary>Creates BPE tokenizers from assets of kind <c>gpt2</c> (any pre-tokenizer), <c>gemma4</c> (UTF-8 as it is), <c>whitespace</c> (no white space in the vocabulary)
/// and <c>hybriddna</c> (tokens of six bases), and RWKV's from <c>rwkv</c>.</summary>
public sealed class BpeFactory : ITokenizerFactory
{
    /// <inheritdoc/>
    public bool CanCreate(TokenizerAssets assets) => assets.Model is "gpt2" or "gemma4" or "whitespace" or "hybriddna" or "rwkv";

    /// <inheritdoc/>
    public ITokenizer Create(TokenizerAssets assets) => assets.Model switch
    {
        "gpt2" when PairBpeTokenizer.IsMeant(assets) => new PairBpeTokenizer(assets, PreTokenizer.Named(assets.PreTokenizer)),
        "gpt2" => new BpeTokenizer(assets, PreTokenizer.Named(assets.PreTokenizer)),
        // Such a file may name any pre-tokenizer: its own is the only one that counts.
        "gemma4" => new BpeTokenizer(assets, PreTokenizer.Named("gemma4")),
        "whitespace" => new BpeTokenizer(assets, PreTokenizer.Named(assets.PreTokenizer).WithoutWhite()),
        "hybriddna" => new DnaTokenizer(assets, PreTokenizer.Named(assets.PreTokenizer)),
        "rwkv" => new RwkvTokenizer(assets),
        _ => throw new UnsupportedModelException($"tokenizer.bpe: no tokenizer of kind '{assets.Model}'; known here are gpt2, gemma4, whitespace, hybriddna, rwkv, bert and tiktoken"),
    };
}
