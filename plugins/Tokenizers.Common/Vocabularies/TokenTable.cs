namespace Tessera.Tokenizers.Common.Vocabularies;

/// <summary>A checked vocabulary: the bytes, kind and role of every token. Immutable.</summary>
public sealed class TokenTable
{
    private readonly PieceStore _pieces;
    private readonly TokenKind[] _kinds;
    private readonly Roles _roles;

    /// <summary>Checks the assets and builds the table.</summary>
    /// <param name="assets">What the model's files say.</param>
    /// <param name="spell">How a token's spelling in the file becomes the bytes that it stands for.</param>
    /// <param name="defaults">Roles that this kind of tokenizer has where the file does not name them.</param>
    /// <exception cref="ModelFormatException">The assets contradict themselves; the text names the key.</exception>
    public TokenTable(TokenizerAssets assets, PieceSpelling spell, IReadOnlyDictionary<SpecialToken, int> defaults)
    {
        int count = assets.Tokens.Length;
        if (count == 0)
            throw new ModelFormatException("tokenizer.ggml.tokens: the vocabulary is empty");
        if (assets.Scores.Length != 0 && assets.Scores.Length != count)
            throw new ModelFormatException($"tokenizer.ggml.scores: {assets.Scores.Length} scores for {count} tokens");
        _kinds = CheckKinds(assets.Kinds, count);
        _roles = new Roles(assets, defaults, _kinds);
        _pieces = PieceStore.Build(count, (id, bytes) => spell(id, _kinds[id], assets.Tokens[id], bytes));
    }

    /// <summary>The number of tokens.</summary>
    public int Count => _kinds.Length;

    /// <summary>The bytes of every token.</summary>
    public PieceStore Pieces => _pieces;

    /// <summary>The ids after which generation stops, ascending.</summary>
    public IReadOnlyList<int> EndTokens => _roles.EndTokens;

    /// <summary>The id that plays a role, or null.</summary>
    public int? Special(SpecialToken role) => _roles.Find(role);

    /// <summary>The id that plays a role.</summary>
    /// <exception cref="ModelFormatException">No token does.</exception>
    public int Require(SpecialToken role, string why) => _roles.Find(role)
        ?? throw new ModelFormatException($"tokenizer: {why}, but no token is named as {role}");

    /// <summary>The kind of a token.</summary>
    public TokenKind Kind(int id) => (uint)id < (uint)_kinds.Length ? _kinds[id] : throw OutOfRange(id);

    /// <summary>The bytes of a token.</summary>
    public ReadOnlySpan<byte> Piece(int id) => (uint)id < (uint)_kinds.Length ? _pieces[id] : throw OutOfRange(id);

    /// <summary>Whether plain text may become this token: control, unknown and byte tokens are written by other means only.</summary>
    public bool IsText(int id) => _kinds[id] is not (TokenKind.Control or TokenKind.Unknown or TokenKind.Byte);

    private ArgumentOutOfRangeException OutOfRange(int id) => new(nameof(id), id, $"Token {id} is not one of the {_kinds.Length} of the vocabulary.");

    private static TokenKind[] CheckKinds(TokenKind[] given, int count)
    {
        TokenKind[] kinds = new TokenKind[count];
        if (given.Length == 0)
        {
            Array.Fill(kinds, TokenKind.Normal);
            return kinds;
        }
        if (given.Length != count)
            throw new ModelFormatException($"tokenizer.ggml.token_type: {given.Length} kinds for {count} tokens");
        for (int id = 0; id < count; id++)
        {
            if (!Enum.IsDefined(given[id]))
                throw new ModelFormatException($"tokenizer.ggml.token_type: token {id} is of kind {(int)given[id]}, known are 0 to 6");
            kinds[id] = given[id];
        }
        return kinds;
    }
}

/// <summary>Appends the bytes that a token stands for.</summary>
/// <param name="id">The token.</param>
/// <param name="kind">Its kind.</param>
/// <param name="spelling">Its spelling in the file.</param>
/// <param name="bytes">Where the bytes go.</param>
public delegate void PieceSpelling(int id, TokenKind kind, ReadOnlySpan<byte> spelling, List<byte> bytes);
