using System.Text;
using Tessera.Tokenizer.Hf.Decoders;
using Tessera.Tokenizer.Hf.Files;
using Tessera.Tokenizer.Hf.Models;
using Tessera.Tokenizer.Hf.Normalizers;
using Tessera.Tokenizer.Hf.PostProcessors;
using Tessera.Tokenizer.Hf.PreTokenizers;
using Tessera.Tokenizer.Hf.Vocabularies;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizer.Hf;

/// <summary>A tokenizer.json: added tokens cut the text, what is between is normalized, cut again, split into words, and each word is encoded by the model.</summary>
/// <remarks><see href="https://huggingface.co/docs/tokenizers/pipeline">The pipeline</see>. Truncation and padding, which the file may ask for, are no part of encoding here.</remarks>
internal sealed class HfTokenizer : IPairTokenizer
{
    private static readonly Dictionary<SpecialToken, int> NoDefaults = [];

    private readonly TokenTable _table;
    private readonly DecoderTable _decoders;
    private readonly bool[] _holes;
    private readonly bool[] _skipped;
    private readonly PostProcessor _around;
    private readonly TextEncoder _encoder;

    private HfTokenizer(TokenTable table, DecoderTable decoders, Vocabulary vocabulary, PostProcessor around, TextEncoder encoder)
    {
        (_table, _decoders, _around, _encoder) = (table, decoders, around, encoder);
        _holes = new bool[vocabulary.Count];
        _skipped = new bool[vocabulary.Count];
        for (int id = 0; id < vocabulary.Count; id++)
        {
            _holes[id] = vocabulary[id] is null;
            _skipped[id] = _holes[id] || table.Kind(id) == TokenKind.Unknown;
        }
        foreach (AddedToken token in vocabulary.Added)
            _skipped[token.Id] |= token.IsSpecial;
    }

    /// <summary>Builds the tokenizer.</summary>
    /// <param name="file">tokenizer.json.</param>
    /// <param name="config">tokenizer_config.json, or null.</param>
    /// <param name="assets">What a weight file says beside them: roles that it names win.</param>
    public static HfTokenizer Read(JsonPart file, JsonPart? config, TokenizerAssets assets)
    {
        List<PieceStage> stages = [];
        Vocabulary vocabulary = new();
        Normalizer? normalizer = null;
        DecoderRecipe? recipe = null;
        WordModel? read = null;
        PostProcessor around = PostProcessor.None;
        // A part that is not known does not keep the others from being read, so that an error names all such parts.
        List<string> refused = [];
        Try(() => normalizer = file.Find("normalizer") is { } given ? NormalizerReader.Read(given) : null);
        Try(() =>
        {
            if (file.Find("pre_tokenizer") is { } pre)
                PreTokenizerReader.Read(pre, stages);
        });
        Try(() => read = ModelReader.Read(file.Get("model"), vocabulary, endsInByteLevel: stages.Count > 0 && stages[^1] is ByteLetters));
        Try(() => recipe = DecoderReader.Read(file.Find("decoder")));
        if (read is not null)
            Try(() => around = Around(file, config, vocabulary));
        if (read is not { } model || recipe is null || refused.Count > 0)
            throw new UnsupportedModelException(string.Join("; ", refused));
        if (model.TakesRawBytes)
            stages.RemoveAt(stages.Count - 1);

        Dictionary<SpecialToken, int> roles = SpecialRoles.Read(config, assets.Special, vocabulary, around, model.Unknown);
        around = SpecialRoles.Around(config, around, roles);
        DecoderTable decoders = new(recipe, vocabulary);
        TokenTable table = Table(vocabulary, model, decoders, roles, assets.EndTokens);
        return new HfTokenizer(table, decoders, vocabulary, around, new TextEncoder(vocabulary.Added, normalizer, stages, model));

        void Try(Action part)
        {
            try
            {
                part();
            }
            catch (UnsupportedModelException e)
            {
                refused.Add(e.Message);
            }
        }
    }

    /// <summary>Reads what stands around a text, whose tokens the added ones may be.</summary>
    private static PostProcessor Around(JsonPart file, JsonPart? config, Vocabulary vocabulary)
    {
        if (file.Find("added_tokens") is { } added)
            vocabulary.ReadAdded(added);
        if (config?.Find("added_tokens_decoder") is { } more)
            vocabulary.MergeAdded(more);
        if (vocabulary.Count == 0)
            throw new ModelFormatException($"{file.Where}: the vocabulary is empty");
        return file.Find("post_processor") is { } post ? PostProcessorReader.Read(post, vocabulary) : PostProcessor.None;
    }

    /// <inheritdoc/>
    public int VocabularySize => _table.Count;

    /// <inheritdoc/>
    public IReadOnlyList<int> EndTokens => _table.EndTokens;

    /// <inheritdoc/>
    public int? Special(SpecialToken role) => _table.Special(role);

    /// <inheritdoc/>
    public TokenKind Kind(int id) => _table.Kind(id);

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Piece(int id) => _table.Piece(id);

    /// <inheritdoc/>
    public void Encode(ReadOnlySpan<char> text, in EncodeOptions options, List<int> ids)
    {
        if (!options.AddSpecial)
        {
            _encoder.Encode(text, options, ids);
            return;
        }
        foreach (int part in _around.Parts)
        {
            if (part == PostProcessor.Text)
                _encoder.Encode(text, options, ids);
            else
                ids.Add(part);
        }
    }

    /// <inheritdoc/>
    public int PairTokens => _around.Pair.Count - 2;

    /// <inheritdoc/>
    public void JoinPair(ReadOnlySpan<int> first, ReadOnlySpan<int> second, List<int> ids, List<int> types)
    {
        foreach (PairPart part in _around.Pair)
        {
            int id = part.Id;
            ReadOnlySpan<int> added = id == PostProcessor.Text ? first : id == PostProcessor.Second ? second : new ReadOnlySpan<int>(in id);
            foreach (int token in added)
            {
                ids.Add(token);
                types.Add(part.Type);
            }
        }
    }

    /// <inheritdoc/>
    public ITokenDecoder CreateDecoder(bool skipControl) => new HfDecoder(_decoders, skipControl ? _skipped : _holes);

    // Well-known spellings count among the added tokens only: elsewhere in a vocabulary they are text.
    private static TokenTable Table(Vocabulary vocabulary, WordModel model, DecoderTable decoders, IReadOnlyDictionary<SpecialToken, int> roles, int[]? endTokens)
    {
        byte[][] spellings = new byte[vocabulary.Count][];
        TokenKind[] kinds = new TokenKind[vocabulary.Count];
        for (int id = 0; id < vocabulary.Count; id++)
        {
            bool isByte = decoders.Byte(id) >= 0 && model.FallsBackToBytes;
            kinds[id] = vocabulary[id] is null ? TokenKind.Unused : isByte ? TokenKind.Byte : TokenKind.Normal;
            spellings[id] = [];
        }
        foreach (AddedToken token in vocabulary.Added)
        {
            kinds[token.Id] = token.IsSpecial ? TokenKind.Control : TokenKind.UserDefined;
            spellings[token.Id] = Encoding.UTF8.GetBytes(token.Content);
        }
        if (model.Unknown >= 0)
            kinds[model.Unknown] = TokenKind.Unknown;
        TokenizerAssets assets = new() { Model = "hf", Tokens = spellings, Kinds = kinds, Special = roles, EndTokens = endTokens };
        return new TokenTable(assets, (id, kind, spelling, bytes) =>
        {
            if (spelling.Length > 0)
                bytes.AddRange(spelling);
            else if (kind == TokenKind.Byte)
                bytes.Add((byte)decoders.Byte(id));
            else
                bytes.AddRange(decoders.Piece(id, first: false, last: false));
        }, NoDefaults);
    }
}
