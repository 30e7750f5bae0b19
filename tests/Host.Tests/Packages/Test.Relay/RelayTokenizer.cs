namespace Tessera.Test.Relay;

/// <summary>Makes <see cref="RelayTokenizer"/>.</summary>
internal sealed class RelayTokenizerFactory(Habits habits) : ITokenizerFactory
{
    /// <inheritdoc/>
    public bool CanCreate(TokenizerAssets assets) => assets.Model == "relay";

    /// <inheritdoc/>
    public ITokenizer Create(TokenizerAssets assets) => new RelayTokenizer(assets, habits);
}

/// <summary>One token for each letter; none ends.</summary>
internal sealed class RelayTokenizer(TokenizerAssets assets, Habits habits) : ITokenizer
{
    private int _encoded;

    /// <inheritdoc/>
    public int VocabularySize => assets.Tokens.Length;

    /// <inheritdoc/>
    public IReadOnlyList<int> EndTokens { get; } = [];

    /// <inheritdoc/>
    public int? Special(SpecialToken role) => null;

    /// <inheritdoc/>
    public TokenKind Kind(int id) => TokenKind.Normal;

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Piece(int id) => assets.Tokens[id];

    /// <inheritdoc/>
    public void Encode(ReadOnlySpan<char> text, in EncodeOptions options, List<int> ids)
    {
        if (habits.Fault == "encode" && _encoded++ >= habits.After)
            throw new RelayException("no ids today");
        foreach (char c in text)
            ids.Add(Math.Clamp(c - 'a', 0, VocabularySize - 1));
    }

    /// <inheritdoc/>
    public ITokenDecoder CreateDecoder(bool skipControl) => new Decoder(this, habits);

    private sealed class Decoder(RelayTokenizer tokenizer, Habits habits) : ITokenDecoder
    {
        private int _decoded;

        public int MaxBytes => 1;

        public int Append(int id, Span<byte> destination)
        {
            if (habits.Fault == "decode" && ++_decoded > habits.After)
                throw new RelayException("no text today");
            tokenizer.Piece(id).CopyTo(destination);
            return 1;
        }

        public int Finish(Span<byte> destination) => 0;

        public void Reset() { }
    }
}
