namespace Tessera.Format.Gguf.Writing.Vocabularies;

/// <content>BERT's WordPiece: GGUF spells the start of a word with a mark in front, and drops <c>##</c> elsewhere.</content>
internal sealed partial class HuggingFaceVocabulary
{
    private const string Continued = "##";

    private TokenizerAssets WordPiece(TokenizerAssets assets, List<string> notes)
    {
        if ((_model.Find("continuing_subword_prefix")?.Text() ?? Continued) != Continued)
            throw _model.Get("continuing_subword_prefix").Unsaid($"a prefix other than {Continued}");
        TokenizerJson normalizer = _file.Get("normalizer"), pre = _file.Get("pre_tokenizer");
        if (normalizer.Text("type") != "BertNormalizer" || !normalizer.Flag("clean_text", true) || !normalizer.Flag("handle_chinese_chars", true))
            throw normalizer.Unsaid($"a normalizer of type {normalizer.Text("type")} as it is set up here");
        if (pre.Text("type") != "BertPreTokenizer")
            throw pre.Unsaid($"a pre-tokenizer of type {pre.Text("type")}");
        string? unknown = _model.Find("unk_token")?.Text();
        TokenizerJson vocabulary = _model.Get("vocab");
        foreach ((string text, TokenizerJson id) in vocabulary.Members())
            Add(text, id.Number(HighestId), text == unknown ? TokenKind.Unknown : TokenKind.Normal, vocabulary, Shown(text));
        ReadAdded(unknown);
        notes.AddRange(StrippedSpaces());
        Dictionary<SpecialToken, int> special = Special(assets);
        AroundText around = AroundText.Read(_file.Find("post_processor"));
        if (around.Before.Count > 1 || around.After.Count > 1)
            notes.Add($"tokenizer.json puts {string.Join(" ", around.Before.Append("…").Concat(around.After))} around a text; GGUF can say [CLS] and [SEP] only");
        // llama.cpp puts BOS in front, and takes bert-base's where the file names none.
        if (around.Before.Count > 0 && _ids.TryGetValue(around.Before[0], out int first))
            special[SpecialToken.Bos] = special[SpecialToken.Classification] = first;
        if (around.After.Count > 0 && _ids.TryGetValue(around.After[^1], out int last))
            special[SpecialToken.Separator] = last;
        if (unknown is not null && _ids.TryGetValue(unknown, out int unknownId))
            special[SpecialToken.Unknown] = unknownId;
        bool lowers = normalizer.Flag("lowercase", true);
        return new TokenizerAssets
        {
            Model = "bert",
            Tokens = Spellings(),
            Kinds = Kinds(),
            Special = special,
            AddBos = around.Before.Count > 0,
            AddEos = around.After.Count > 0,
            AddSep = around.AddsSeparator,
            Lowercase = lowers,
            StripAccents = normalizer.Find("strip_accents") is null ? lowers : normalizer.Flag("strip_accents", lowers),
        };
    }

    // Names in brackets are no words.
    private static string Shown(string text) =>
        text.StartsWith('[') && text.EndsWith(']') ? text : text.StartsWith(Continued, StringComparison.Ordinal) ? text[Continued.Length..] : Mark + text;
}
