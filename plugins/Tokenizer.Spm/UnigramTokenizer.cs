using Tessera.Tokenizer.Spm.Normalization;
using Tessera.Tokenizers.Common.Matching;
using Tessera.Tokenizers.Common.Normalization;
using Tessera.Tokenizers.Common.Unigram;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizer.Spm;

/// <summary>SentencePiece unigram: the cover of a text with the best score. T5, XLM-R and their relatives.</summary>
internal sealed class UnigramTokenizer : PieceTokenizer, IPairTokenizer
{
    // What T5 has; llama.cpp's defaults.
    private static readonly Dictionary<SpecialToken, int> Defaults = new()
    {
        [SpecialToken.Padding] = 0,
        [SpecialToken.Eos] = 1,
        [SpecialToken.Unknown] = 2,
    };

    // Bounds what one position of a text can cost.
    private const int LongestPiece = 1024;

    private readonly UnigramModel _model;
    private readonly bool _wordsAreApart;
    private readonly bool? _addSep;

    /// <summary>The tokenizer of a GGUF.</summary>
    public UnigramTokenizer(TokenizerAssets assets) : this(assets, new TokenTable(assets, SpellPiece, Defaults)) { }

    private UnigramTokenizer(TokenizerAssets assets, TokenTable table) : this(assets, table, new PieceSettings
    {
        Normalizer = new WordNormalizer(CharsMap.Read(assets.PrecompiledCharsMap), Pieces(assets, id => table.Kind(id) == TokenKind.UserDefined),
            new NormalizerRules(assets.AddSpacePrefix ?? false, assets.RemoveExtraWhitespaces ?? false, EscapeSpaces: true, SpaceIsSuffix: false)),
        StripsSpace = assets.AddSpacePrefix ?? false,
        AddBos = assets.AddBos ?? false,
        AddEos = assets.AddEos ?? true,
    }, static (_, _) => 0, useUnused: true)
    {
    }

    /// <summary>A tokenizer with settings of its own.</summary>
    /// <param name="assets">The vocabulary's assets.</param>
    /// <param name="table">The vocabulary.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="userScore">The score of a user-defined token, by its length in bytes and the best score of an ordinary one.</param>
    /// <param name="useUnused">Whether a text may become an unused token.</param>
    public UnigramTokenizer(TokenizerAssets assets, TokenTable table, PieceSettings settings, Func<int, double, double> userScore, bool useUnused) : base(assets, table, settings)
    {
        if (assets.Scores.Length == 0)
            throw new ModelFormatException("tokenizer.ggml.scores: missing; unigram needs them");
        (double lowest, double highest) = (float.MaxValue, -float.MaxValue);
        for (int id = 0; id < table.Count; id++)
        {
            if (!float.IsFinite(assets.Scores[id]))
                throw new ModelFormatException($"tokenizer.ggml.scores: the score of token {id} is {assets.Scores[id]}, expected a finite number");
            if (assets.Tokens[id].Length > LongestPiece)
                throw new ModelFormatException($"tokenizer.ggml.tokens: token {id} is {assets.Tokens[id].Length} bytes long, at most {LongestPiece} are supported");
            if (table.Kind(id) == TokenKind.Normal)
                (lowest, highest) = (Math.Min(lowest, assets.Scores[id]), Math.Max(highest, assets.Scores[id]));
        }
        _addSep = assets.AddSep;
        _wordsAreApart = WordMarks.AreApart(assets.Tokens);
        double[] scores = [.. assets.Scores];
        for (int id = 0; id < scores.Length; id++)
            if (table.Kind(id) == TokenKind.UserDefined)
                scores[id] = userScore(assets.Tokens[id].Length, highest);
        _model = new UnigramModel(Pieces(assets, id => table.Kind(id) is TokenKind.Normal or TokenKind.UserDefined || (useUnused && table.Kind(id) == TokenKind.Unused)), scores, lowest);
    }

    protected override int WordEnd(ReadOnlySpan<byte> text) => _wordsAreApart ? WordMarks.WordEnd(text) : text.Length;

    /// <inheritdoc/>
    public int PairTokens => (Prefix is null ? 0 : 1) + (Suffix is null ? 0 : 2) + (IsDoubled ? 1 : 0);

    // Where the file does not say: XLM-R, which begins with BOS, puts its EOS between two texts twice; T5 once.
    private bool IsDoubled => Suffix is not null && (_addSep ?? Prefix is not null);

    /// <inheritdoc/>
    public void JoinPair(ReadOnlySpan<int> first, ReadOnlySpan<int> second, List<int> ids, List<int> types)
    {
        int before = ids.Count;
        Add(Prefix, ids);
        ids.AddRange(first);
        Add(Suffix, ids);
        if (IsDoubled)
            Add(Suffix, ids);
        ids.AddRange(second);
        Add(Suffix, ids);
        types.AddRange(Enumerable.Repeat(0, ids.Count - before));
    }

    private static void Add(int? id, List<int> ids)
    {
        if (id is { } token)
            ids.Add(token);
    }

    /// <summary>Indexes the tokens that a filter lets through.</summary>
    public static ByteTrie Pieces(TokenizerAssets assets, Func<int, bool> include) => ByteTrie.Build(assets.Tokens.Length, id => assets.Tokens[id], include);

    protected override void EncodeWord(byte[] text, int start, int end, Scratch scratch, List<int> ids)
    {
        ReadOnlySpan<byte> word = text.AsSpan(start, end - start);
        _model.Cover(word, scratch.Lattice);
        bool afterUnknown = false;
        foreach (Lattice.Piece piece in scratch.Lattice.Pieces)
        {
            if (piece.Token == Lattice.Unknown)
            {
                Spell(word[piece.Start..piece.End], ids, ref afterUnknown);
                continue;
            }
            ids.Add(piece.Token);
            afterUnknown = false;
        }
    }
}
