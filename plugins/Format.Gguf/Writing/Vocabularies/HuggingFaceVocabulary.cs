using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Tessera.Format.Gguf.Writing.Vocabularies;

/// <summary>Says a tokenizer.json, with its tokenizer_config.json, in GGUF's terms: byte-level BPE as <c>gpt2</c>, SentencePiece's BPE as <c>llama</c>, WordPiece as <c>bert</c>, unigram as <c>t5</c>.</summary>
internal sealed partial class HuggingFaceVocabulary
{
    private const int HighestId = (1 << 24) - 1, MostHoles = 1 << 16, MostNamed = 3;
    private const string Mark = "▁";

    private static readonly (string Key, SpecialToken Role)[] Keys =
    [
        ("bos_token", SpecialToken.Bos), ("eos_token", SpecialToken.Eos), ("unk_token", SpecialToken.Unknown), ("sep_token", SpecialToken.Separator),
        ("pad_token", SpecialToken.Padding), ("cls_token", SpecialToken.Classification), ("mask_token", SpecialToken.Mask),
    ];

    private readonly TokenizerJson _file;
    private readonly TokenizerJson? _config;
    private readonly TokenizerJson _model;
    private readonly bool _isByteLevel;
    private readonly SortedDictionary<int, (string Text, TokenKind Kind)> _tokens = [];
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<int, string> _spellings = [];

    private HuggingFaceVocabulary(TokenizerJson file, TokenizerJson? config)
    {
        (_file, _config, _model) = (file, config, file.Get("model"));
        _isByteLevel = file.Find("pre_tokenizer") is { } pre && pre.Steps("pretokenizers").Any(s => s.Text("type") == "ByteLevel");
    }

    /// <summary>The assets with tokens, kinds and merges of their own.</summary>
    /// <param name="assets">Assets with the files.</param>
    /// <param name="notes">What GGUF says otherwise.</param>
    /// <exception cref="ModelFormatException">The file is broken.</exception>
    /// <exception cref="UnsupportedModelException">GGUF has no way to say a part of it.</exception>
    public static TokenizerAssets Read(TokenizerAssets assets, List<string> notes)
    {
        const string File = "tokenizer.json", Config = "tokenizer_config.json";
        if (!assets.Files.TryGetValue(File, out byte[]? file))
            throw new UnsupportedModelException($"gguf: a tokenizer of kind '{assets.Model}' cannot be written; expected a {File}");
        TokenizerJson? config = assets.Files.TryGetValue(Config, out byte[]? settings) ? TokenizerJson.Parse(Config, settings) : null;
        return new HuggingFaceVocabulary(TokenizerJson.Parse(File, file), config).Assets(assets, notes);
    }

    private TokenizerAssets Assets(TokenizerAssets assets, List<string> notes)
    {
        string type = _model.Find("type")?.Text() ?? "BPE";
        if (type == "WordPiece")
            return WordPiece(assets, notes);
        if (type == "Unigram")
            return Unigram(assets, notes);
        if (type != "BPE")
            throw _model.Get("type").Unsaid($"a tokenizer model of type {type}");
        string[] merges = [.. _model.Get("merges").Items().Select(Merge)];
        ReadTokens();
        (Dictionary<SpecialToken, int> special, bool addBos, bool addEos, bool? addSep) = Around(assets, notes);
        return new TokenizerAssets
        {
            Model = _isByteLevel ? "gpt2" : "llama",
            PreTokenizer = _isByteLevel ? PreTokenizer() : "default",
            Tokens = Spellings(),
            Kinds = Kinds(),
            Scores = _isByteLevel ? [] : Scores(merges, Count()),
            Merges = _isByteLevel ? merges : [],
            Special = special,
            AddBos = addBos,
            AddEos = addEos,
            AddSep = addSep,
            AddSpacePrefix = !_isByteLevel && MarkedSpaces.PutsOneInFront(_file),
        };
    }

    private int Count()
    {
        int count = _tokens.Count == 0 ? 0 : _tokens.Keys.Max() + 1;
        return count > 0 && count <= 2L * _tokens.Count + MostHoles
            ? count
            : throw new ModelFormatException($"gguf: {_model.Where}: expected a vocabulary without large holes, found {_tokens.Count} tokens with ids up to {count - 1}");
    }

    private byte[][] Spellings() => [.. Enumerable.Range(0, Count()).Select(i => Encoding.UTF8.GetBytes(_tokens.TryGetValue(i, out (string Text, TokenKind) token) ? token.Text : $"[PAD{i}]"))];

    private TokenKind[] Kinds() => [.. Enumerable.Range(0, Count()).Select(i => _tokens.TryGetValue(i, out (string, TokenKind Kind) token) ? token.Kind : TokenKind.Unused)];

    /// <summary>Roles, and whether a text gets BOS and EOS around it, and two a separator more between them.</summary>
    private (Dictionary<SpecialToken, int> Special, bool AddBos, bool AddEos, bool? AddSep) Around(TokenizerAssets assets, List<string> notes)
    {
        Dictionary<SpecialToken, int> special = Special(assets);
        AroundText around = AroundText.Read(_file.Find("post_processor"));
        notes.AddRange(StrippedSpaces());
        bool addsNothing = around.Before.Count + around.After.Count == 0;
        if (_config is { } settings && ExplicitAround.Of(settings) is { } flags)
        {
            Require(flags.Bos, SpecialToken.Bos, "add_bos_token");
            Require(flags.Eos, SpecialToken.Eos, "add_eos_token");
            return (special, flags.Bos, flags.Eos, null);
        }
        if (addsNothing)
            return (special, _config?.Flag("add_bos_token", false) == true, _config?.Flag("add_eos_token", false) == true, null);
        Check(around, special, notes);
        return (special, around.Before.Count > 0, around.After.Count > 0, around.AddsSeparator);

        void Require(bool isAdded, SpecialToken role, string key)
        {
            if (isAdded && !special.ContainsKey(role))
                throw new ModelFormatException($"gguf: {settings.Where}: {key} is true, but no token of the vocabulary is named as {role}");
        }
    }

    private string PreTokenizer()
    {
        foreach (TokenizerJson step in _file.Find("normalizer")?.Steps("normalizers") ?? [])
            // llama.cpp composes no characters; only texts with decomposed ones differ.
            if (step.Text("type") is var type and not "NFC")
                throw step.Unsaid($"a normalizer of type {type}");
        return PreTokenizerNames.Find(_file.Find("pre_tokenizer"), _model.Flag("ignore_merges", false), _config?.Flag("clean_up_tokenization_spaces", false) == true);
    }

    private string Merge(TokenizerJson merge)
    {
        if (merge.Value.ValueKind == JsonValueKind.String)
            return merge.Text();
        string[] pair = [.. merge.Items().Take(3).Select(p => p.Text())];
        if (pair.Length != 2)
            throw merge.Bad("two tokens");
        // The two stand in one text with a space between; a space of their own would move the cut.
        return pair[0].Contains(' ') || pair[1].Contains(' ') ? throw merge.Unsaid("a merge of tokens with spaces") : $"{pair[0]} {pair[1]}";
    }

    private void ReadTokens()
    {
        TokenizerJson vocabulary = _model.Get("vocab");
        if (vocabulary.Value.ValueKind != JsonValueKind.Object)
            throw vocabulary.Bad("an object of tokens and ids");
        bool hasBytes = _model.Flag("byte_fallback", false);
        string? unknown = _model.Find("unk_token")?.Text();
        foreach (JsonProperty entry in vocabulary.Value.EnumerateObject())
            Add(entry.Name, new TokenizerJson($"{vocabulary.Where}: '{entry.Name}'", entry.Value).Number(HighestId),
                entry.Name == unknown ? TokenKind.Unknown : hasBytes && IsByte(entry.Name) ? TokenKind.Byte : TokenKind.Normal, vocabulary);
        ReadAdded(unknown);
    }

    private void ReadAdded(string? unknown)
    {
        foreach (TokenizerJson token in _file.Find("added_tokens")?.Items() ?? [])
            ReadAdded(token, token.Get("id").Number(HighestId), unknown);
        // What the configuration adds has the id that the vocabulary knows it by; an id that another token has stays that one's.
        foreach ((string key, TokenizerJson token) in _config?.Find("added_tokens_decoder")?.Members() ?? [])
        {
            int id = int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number <= HighestId ? number : throw token.Bad($"a token id from 0 to {HighestId} as its name");
            if (_ids.TryGetValue(token.Text("content"), out int known))
                ReadAdded(token, known, unknown);
            else if (!_tokens.ContainsKey(id))
                ReadAdded(token, id, unknown);
        }
    }

    /// <summary>What is lost of tokens that take the spaces beside them with them.</summary>
    private IEnumerable<string> StrippedSpaces()
    {
        string[] tokens = [.. (_file.Find("added_tokens")?.Items() ?? []).Where(t => t.Flag("lstrip", false) || t.Flag("rstrip", false)).Select(t => t.Text("content"))];
        if (tokens.Length > 0)
            yield return $"{string.Join(", ", tokens.Take(MostNamed))}{(tokens.Length > MostNamed ? ", …" : "")} in a text {(tokens.Length == 1 ? "takes" : "take")} the spaces beside along: GGUF has no key for it";
    }

    private void ReadAdded(TokenizerJson token, int id, string? unknown)
    {
        string text = token.Text("content");
        bool isSpecial = token.Flag("special", false);
        // In SentencePiece's files texts of added tokens have spaces, not marks.
        if (text.Length > 0)
            Add(text, id, text == unknown && !_isByteLevel ? TokenKind.Unknown : isSpecial ? TokenKind.Control : TokenKind.UserDefined, token,
                !_isByteLevel && !isSpecial ? text.Replace(Mark, " ", StringComparison.Ordinal) : text);
    }

    private void Add(string text, int id, TokenKind kind, TokenizerJson where, string? shown = null)
    {
        if (_spellings.TryGetValue(id, out string? other) && other != text)
            throw new ModelFormatException($"gguf: {where.Where}: id {id} is both '{other}' and '{text}'");
        if (_ids.TryGetValue(text, out int known) && known != id)
            throw new ModelFormatException($"gguf: {where.Where}: '{text}' has the ids {known} and {id}");
        _ids[text] = id;
        _spellings[id] = text;
        _tokens[id] = (shown ?? text, kind);
    }

    private Dictionary<SpecialToken, int> Special(TokenizerAssets assets)
    {
        Dictionary<SpecialToken, int> special = [];
        foreach ((string key, SpecialToken role) in Keys)
            if (_config?.Find(key) is { } token
                && _ids.TryGetValue(token.Value.ValueKind == JsonValueKind.Object ? token.Text("content") : token.Text(), out int id))
                special[role] = id;
        foreach ((SpecialToken role, int id) in assets.Special)
            special[role] = id;
        int[] ends = [.. (assets.EndTokens ?? []).Where(_tokens.ContainsKey)];
        if (ends.Length > 0 && !(special.TryGetValue(SpecialToken.Eos, out int eos) && ends.Contains(eos)))
            special[SpecialToken.Eos] = ends[0];
        int[] others = [.. ends.Where(e => e != special[SpecialToken.Eos])];
        if (others.Length > 0)
            special[SpecialToken.Eot] = others[0];
        if (others.Length > 1)
            special[SpecialToken.Eom] = others[1];
        return special;
    }

    /// <summary>GGUF knows one BOS in front and one EOS behind.</summary>
    private void Check(AroundText around, Dictionary<SpecialToken, int> special, List<string> notes)
    {
        if (around.Before.Count > 0 && _ids.TryGetValue(around.Before[0], out int first))
            special.TryAdd(SpecialToken.Bos, first);
        if (around.After.Count > 0 && _ids.TryGetValue(around.After[^1], out int last))
            special.TryAdd(SpecialToken.Eos, last);
        string said = string.Join(" ", around.Before.Append("…").Concat(around.After));
        bool isBos = around.Before.Count == 0 || (around.Before.Count == 1 && special.TryGetValue(SpecialToken.Bos, out int bos) && _ids.GetValueOrDefault(around.Before[0], -1) == bos);
        bool isEos = around.After.Count == 0 || (around.After.Count == 1 && special.TryGetValue(SpecialToken.Eos, out int eos) && _ids.GetValueOrDefault(around.After[0], -1) == eos);
        if (!isBos || !isEos)
            notes.Add($"tokenizer.json puts {said} around a text; GGUF can say BOS and EOS only");
    }

    /// <summary>
    /// SentencePiece merges the neighbours whose union has the best score, BPE those of the earliest merge: a token's score falls with the rank of the first merge that makes it.
    /// </summary>
    private float[] Scores(string[] merges, int count)
    {
        float[] scores = new float[count];
        Array.Fill(scores, -(float)merges.Length);
        HashSet<int> seen = [];
        for (int rank = 0; rank < merges.Length; rank++)
        {
            int cut = merges[rank].IndexOf(' ', StringComparison.Ordinal);
            if (cut > 0 && _ids.TryGetValue(string.Concat(merges[rank].AsSpan(0, cut), merges[rank].AsSpan(cut + 1)), out int id) && seen.Add(id))
                scores[id] = -rank;
        }
        foreach ((int id, (_, TokenKind kind)) in _tokens)
            if (kind != TokenKind.Normal)
                scores[id] = 0;
        return scores;
    }

    private static bool IsByte(string text) =>
        text.Length == 6 && text.StartsWith("<0x", StringComparison.Ordinal) && text[5] == '>' && byte.TryParse(text.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _);
}
