using Tessera.Abstractions;
using Tessera.Abstractions.Tokenizers;

namespace Acme.Plugin;

/// <summary>Makes tokenizers of the kind <c>acme.plugin</c>.</summary>
public sealed class LongestFactory : ITokenizerFactory
{
    private const int MaxTokenBytes = 1024;

    /// <inheritdoc/>
    public bool CanCreate(TokenizerAssets assets) => assets.Model == "acme.plugin";

    /// <inheritdoc/>
    public ITokenizer Create(TokenizerAssets assets)
    {
        if (!CanCreate(assets))
            throw new UnsupportedModelException($"acme.plugin: no tokenizer of kind '{assets.Model}'");
        if (assets.Kinds.Length != assets.Tokens.Length)
            throw new ModelFormatException($"tokenizer: {assets.Kinds.Length} kinds for {assets.Tokens.Length} tokens");
        int wrong = Array.FindIndex(assets.Tokens, t => t.Length is 0 or > MaxTokenBytes);
        if (wrong >= 0)
            throw new ModelFormatException($"tokenizer: token {wrong} has {assets.Tokens[wrong].Length} bytes, expected 1 to {MaxTokenBytes}");
        foreach ((SpecialToken role, int id) in assets.Special)
            if ((uint)id >= (uint)assets.Tokens.Length)
                throw new ModelFormatException($"tokenizer: the {role} token is {id}, there are {assets.Tokens.Length}");
        if (!assets.Special.ContainsKey(SpecialToken.Unknown))
            throw new ModelFormatException("tokenizer: no token has the role Unknown");
        return new LongestTokenizer(assets);
    }
}
