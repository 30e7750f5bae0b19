using System.Text;

namespace Tessera.Format.Gguf.Writing.Vocabularies;

/// <summary>Writes a tokenizer's assets as <c>tokenizer.ggml.*</c>.</summary>
internal static class VocabularyKeys
{
    private const string Prefix = "tokenizer.ggml.", ByteLevel = "gpt2", NoVocabulary = "no_vocab";

    private static readonly (SpecialToken Role, string Name)[] Roles =
    [
        (SpecialToken.Bos, "bos"), (SpecialToken.Eos, "eos"), (SpecialToken.Eot, "eot"), (SpecialToken.Eom, "eom"), (SpecialToken.Unknown, "unknown"),
        (SpecialToken.Separator, "seperator"), (SpecialToken.Padding, "padding"), (SpecialToken.Classification, "cls"), (SpecialToken.Mask, "mask"),
    ];

    /// <summary>Says that the file has no tokenizer; llama.cpp wants to be told.</summary>
    public static void AddNone(HeaderBuilder header) => header.Add(Prefix + "model", NoVocabulary);

    /// <summary>Adds the keys.</summary>
    /// <param name="header">Where.</param>
    /// <param name="assets">Tokens and what belongs to them.</param>
    /// <param name="rows">Rows of the embedding: as many tokens the file must have.</param>
    /// <exception cref="ModelFormatException">There are more tokens than rows.</exception>
    public static void Add(HeaderBuilder header, TokenizerAssets assets, long rows)
    {
        int count = assets.Tokens.Length;
        if (count > rows)
            throw new ModelFormatException($"gguf: tokenizer: expected at most {rows} tokens, as the embedding has rows, found {count}");
        int missing = checked((int)(rows - count));
        header.Add(Prefix + "model", assets.Model);
        if (assets.PreTokenizer is { } pre)
            header.Add(Prefix + "pre", pre);
        header.AddTexts(Prefix + "tokens", [.. assets.Tokens, .. Enumerable.Range(count, missing).Select(i => Encoding.UTF8.GetBytes($"[PAD{i}]"))]);
        if (assets.Scores.Length > 0)
            header.AddFloats(Prefix + "scores", [.. assets.Scores, .. Enumerable.Repeat(LeastScore, missing)]);
        if (assets.Kinds.Length > 0)
            header.AddIntegers(Prefix + "token_type", [.. assets.Kinds.Select(k => (int)k), .. Enumerable.Repeat((int)TokenKind.Unused, missing)]);
        // llama.cpp reads no byte-level BPE without the key; a vocabulary of bytes alone merges nothing.
        if (assets.Merges.Length > 0 || assets.Model == ByteLevel)
            header.AddTexts(Prefix + "merges", [.. assets.Merges.Select(Encoding.UTF8.GetBytes)]);
        foreach ((SpecialToken role, string name) in Roles)
            if (assets.Special.TryGetValue(role, out int id))
                header.Add($"{Prefix}{name}_token_id", (uint)id);
        Flag("add_bos_token", assets.AddBos);
        Flag("add_eos_token", assets.AddEos);
        Flag("add_sep_token", assets.AddSep);
        Flag("add_space_prefix", assets.AddSpacePrefix);
        Flag("remove_extra_whitespaces", assets.RemoveExtraWhitespaces);
        Flag("normalizer.lowercase", assets.Lowercase);
        Flag("normalizer.strip_accents", assets.StripAccents);
        if (assets.PrecompiledCharsMap.Length > 0)
            header.AddBytes(Prefix + "precompiled_charsmap", assets.PrecompiledCharsMap);

        void Flag(string name, bool? value)
        {
            if (value is { } said)
                header.Add(Prefix + name, said);
        }
    }

    // Below every real token's.
    private const float LeastScore = -1e6f;
}
