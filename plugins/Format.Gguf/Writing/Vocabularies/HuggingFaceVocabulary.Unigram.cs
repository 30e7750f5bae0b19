namespace Tessera.Format.Gguf.Writing.Vocabularies;

/// <content>SentencePiece's unigram as XLM-R and its relatives have it: scores, a character map, a mark in front.</content>
internal sealed partial class HuggingFaceVocabulary
{
    private const string RunOfSpaces = " {2,}";

    private TokenizerAssets Unigram(TokenizerAssets assets, List<string> notes)
    {
        (TokenizerJson Piece, int Id)[] pieces = [.. _model.Get("vocab").Items().Select((p, i) => (p, i))];
        int unknown = _model.Find("unk_id")?.Number(HighestId) ?? -1;
        bool hasBytes = _model.Flag("byte_fallback", false);
        float[] scores = new float[pieces.Length];
        string? unknownText = null;
        foreach ((TokenizerJson piece, int id) in pieces)
        {
            TokenizerJson[] pair = [.. piece.Items().Take(3)];
            if (pair.Length != 2)
                throw piece.Bad("a token and its score");
            string text = pair[0].Text();
            scores[id] = pair[1].Real();
            if (id == unknown)
                unknownText = text;
            Add(text, id, id == unknown ? TokenKind.Unknown : hasBytes && IsByte(text) ? TokenKind.Byte : TokenKind.Normal, piece);
        }
        ReadAdded(unknownText);
        (byte[] map, bool joinsSpaces) = Normalizer();
        joinsSpaces |= CutsAtSpaces();
        (Dictionary<SpecialToken, int> special, bool addBos, bool addEos, bool? addSep) = Around(assets, notes);
        if (unknown >= 0)
            special[SpecialToken.Unknown] = unknown;
        TokenKind[] kinds = Kinds();
        return new TokenizerAssets
        {
            Model = "t5",
            PreTokenizer = "default",
            Tokens = Spellings(),
            Kinds = kinds,
            Scores = [.. kinds.Select((kind, id) => kind == TokenKind.Normal && id < scores.Length ? scores[id] : 0)],
            Special = special,
            AddBos = addBos,
            AddEos = addEos,
            AddSep = addSep,
            AddSpacePrefix = true,
            RemoveExtraWhitespaces = joinsSpaces,
            PrecompiledCharsMap = map,
        };
    }

    /// <summary>The character map, and whether runs of spaces become one.</summary>
    private (byte[] Map, bool JoinsSpaces) Normalizer()
    {
        byte[] map = [];
        bool joins = false;
        foreach (TokenizerJson step in _file.Find("normalizer")?.Steps("normalizers") ?? [])
            switch (step.Text("type"))
            {
                case "Precompiled" when map.Length == 0 && !joins:
                    map = step.Get("precompiled_charsmap").Base64();
                    break;
                case "Replace" when step.Get("pattern").Find("Regex")?.Text() == RunOfSpaces && step.Text("content") is " " or Mark:
                    joins = true;
                    break;
                // Spaces at the end go where runs of them become one.
                case "Strip" when !step.Flag("strip_left", true):
                    break;
                default:
                    throw step.Unsaid($"a normalizer of type {step.Text("type")} as it is set up here");
            }
        return (map, joins);
    }

    /// <summary>Whether white space cuts a text and is gone then; each part gets a mark in front.</summary>
    private bool CutsAtSpaces()
    {
        bool cuts = false, marks = false;
        foreach (TokenizerJson step in _file.Find("pre_tokenizer")?.Steps("pretokenizers") ?? [])
            switch (step.Text("type"))
            {
                case "WhitespaceSplit" when !marks:
                    cuts = true;
                    break;
                case "Metaspace" when !marks && (step.Find("replacement")?.Text() ?? Mark) == Mark && (step.Find("prepend_scheme")?.Text() ?? "always") == "always" && step.Flag("add_prefix_space", true):
                    marks = true;
                    break;
                default:
                    throw step.Unsaid($"a pre-tokenizer of type {step.Text("type")} as it is set up here");
            }
        return marks ? cuts : throw new UnsupportedModelException($"gguf: {_file.Where}: a unigram model without a mark in front of words cannot be written: GGUF has no way to say it");
    }
}
