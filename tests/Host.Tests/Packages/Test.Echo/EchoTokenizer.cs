namespace Tessera.Test.Echo;

/// <summary>Makes <see cref="EchoTokenizer"/>.</summary>
public sealed class EchoTokenizerFactory : ITokenizerFactory
{
    /// <inheritdoc/>
    public bool CanCreate(TokenizerAssets assets) => assets.Model == "echo";

    /// <inheritdoc/>
    public ITokenizer Create(TokenizerAssets assets) => new EchoTokenizer(assets);
}

/// <summary>One token for each letter; z ends.</summary>
public sealed class EchoTokenizer(TokenizerAssets assets) : ITokenizer
{
    /// <inheritdoc/>
    public int VocabularySize => assets.Tokens.Length;

    /// <inheritdoc/>
    public IReadOnlyList<int> EndTokens { get; } = [assets.Tokens.Length - 1];

    /// <inheritdoc/>
    public int? Special(SpecialToken role) => role == SpecialToken.Eos ? EndTokens[0] : null;

    /// <inheritdoc/>
    public TokenKind Kind(int id) => id == EndTokens[0] ? TokenKind.Control : TokenKind.Normal;

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Piece(int id) => assets.Tokens[id];

    /// <inheritdoc/>
    public void Encode(ReadOnlySpan<char> text, in EncodeOptions options, List<int> ids)
    {
        foreach (char c in text)
            ids.Add(Math.Clamp(c - 'a', 0, VocabularySize - 1));
    }

    /// <inheritdoc/>
    public ITokenDecoder CreateDecoder(bool skipControl) => new Decoder(this);

    private sealed class Decoder(EchoTokenizer tokenizer) : ITokenDecoder
    {
        public int MaxBytes => 1;

        public int Append(int id, Span<byte> destination)
        {
            tokenizer.Piece(id).CopyTo(destination);
            return 1;
        }

        public int Finish(Span<byte> destination) => 0;

        public void Reset() { }
    }
}
