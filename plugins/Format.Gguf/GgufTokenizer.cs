using System.Text;

namespace Tessera.Format.Gguf;

/// <summary>Maps <c>tokenizer.*</c> to the tokenizer's assets. Its arrays must agree with each other; else the file is refused.</summary>
internal static class GgufTokenizer
{
    private const string Prefix = "tokenizer.ggml.";
    private const string TokensKey = Prefix + "tokens", ModelKey = Prefix + "model", JsonKey = "tokenizer.huggingface.json";

    // "seperator" is the format's own spelling.
    private static readonly (string Name, SpecialToken Role)[] Roles =
    [
        ("bos", SpecialToken.Bos), ("eos", SpecialToken.Eos), ("eot", SpecialToken.Eot), ("eom", SpecialToken.Eom),
        ("unknown", SpecialToken.Unknown), ("seperator", SpecialToken.Separator), ("separator", SpecialToken.Separator),
        ("padding", SpecialToken.Padding), ("cls", SpecialToken.Classification), ("mask", SpecialToken.Mask),
    ];

    /// <summary>The assets, or null where the file has no vocabulary.</summary>
    public static TokenizerAssets? Read(GgufKeys keys)
    {
        byte[][] tokens = Tokens(keys);
        Dictionary<string, byte[]> files = new(StringComparer.Ordinal);
        if (Entry(keys, JsonKey, GgufValueType.String, isArray: false) is { } json)
            files.Add("tokenizer.json", keys.Utf8(json).ToArray());
        if (tokens.Length == 0 && files.Count == 0)
            return null;
        return new TokenizerAssets
        {
            Model = tokens.Length == 0 ? "hf" : Text(keys, ModelKey) ?? throw keys.Broken(ModelKey, "the name of a tokenizer", "nothing"),
            PreTokenizer = Text(keys, Prefix + "pre"),
            Tokens = tokens,
            Scores = Scores(keys, tokens.Length),
            Kinds = Kinds(keys, tokens.Length),
            Merges = Merges(keys),
            Special = Special(keys, tokens.Length),
            AddBos = Flag(keys, Prefix + "add_bos_token"),
            AddEos = Flag(keys, Prefix + "add_eos_token"),
            AddSep = Flag(keys, Prefix + "add_sep_token"),
            AddSpacePrefix = Flag(keys, Prefix + "add_space_prefix"),
            RemoveExtraWhitespaces = Flag(keys, Prefix + "remove_extra_whitespaces"),
            Lowercase = Flag(keys, Prefix + "normalizer.lowercase"),
            StripAccents = Flag(keys, Prefix + "normalizer.strip_accents"),
            ModelName = keys.TryText("general.name", out string? name) ? name : null,
            PrecompiledCharsMap = CharsMap(keys),
            Files = files,
        };
    }

    /// <summary>The chat template, or null.</summary>
    public static string? ChatTemplate(GgufKeys keys) => Text(keys, "tokenizer.chat_template");

    /// <summary>The chat template for conversations with tools, or null.</summary>
    public static string? ToolChatTemplate(GgufKeys keys) => Text(keys, "tokenizer.chat_template.tool_use");

    private static byte[][] Tokens(GgufKeys keys)
    {
        if (Entry(keys, TokensKey, GgufValueType.String, isArray: true) is not { } entry)
            return [];
        byte[][] tokens = new byte[entry.Count][];
        GgufReader reader = keys.Strings(entry);
        for (int i = 0; i < tokens.Length; i++)
        {
            ReadOnlySpan<byte> token = reader.Text(GgufConstants.MaxStringBytes, "token");
            tokens[i] = token.IsEmpty ? [] : token.ToArray();
        }
        return tokens;
    }

    private static string[] Merges(GgufKeys keys)
    {
        if (Entry(keys, Prefix + "merges", GgufValueType.String, isArray: true) is not { } entry)
            return [];
        string[] merges = new string[entry.Count];
        GgufReader reader = keys.Strings(entry);
        for (int i = 0; i < merges.Length; i++)
            merges[i] = Encoding.UTF8.GetString(reader.Text(GgufConstants.MaxStringBytes, "merge"));
        return merges;
    }

    private static float[] Scores(GgufKeys keys, int vocabulary)
    {
        const string Key = Prefix + "scores";
        if (PerToken(keys, Key, vocabulary) is not { } entry)
            return [];
        if (!GgufValueTypes.IsNumber(entry.Type))
            throw keys.Broken(Key, "an array of numbers", entry.TypeText);
        float[] scores = new float[entry.Count];
        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = (float)keys.Number(entry, i);
            if (float.IsNaN(scores[i]))
                throw keys.Broken(Key, "numbers", $"NaN at index {i}");
        }
        return scores;
    }

    private static TokenKind[] Kinds(GgufKeys keys, int vocabulary)
    {
        const string Key = Prefix + "token_type";
        if (PerToken(keys, Key, vocabulary) is not { } entry)
            return [];
        if (!GgufValueTypes.IsInteger(entry.Type))
            throw keys.Broken(Key, "an array of whole numbers", entry.TypeText);
        var kinds = new TokenKind[entry.Count];
        for (int i = 0; i < kinds.Length; i++)
        {
            Int128 kind = keys.Integer(entry, i);
            if (kind < (int)TokenKind.Undefined || kind > (int)TokenKind.Byte)
                throw keys.Broken(Key, $"{(int)TokenKind.Undefined} to {(int)TokenKind.Byte}", $"{kind} at index {i}");
            kinds[i] = (TokenKind)(int)kind;
        }
        return kinds;
    }

    private static Dictionary<SpecialToken, int> Special(GgufKeys keys, int vocabulary)
    {
        Dictionary<SpecialToken, int> special = [];
        foreach ((string name, SpecialToken role) in Roles)
        {
            string key = $"{Prefix}{name}_token_id";
            if (vocabulary == 0 || !keys.TryGet(key, out GgufEntry entry))
                continue;
            if (entry.IsArray || !GgufValueTypes.IsInteger(entry.Type))
                throw keys.Broken(key, "a token id", entry.TypeText);
            Int128 id = keys.Integer(entry);
            if (id < 0 || id >= vocabulary)
                throw keys.Broken(key, $"a token id from 0 to {vocabulary - 1}", $"{id}");
            special[role] = (int)id;
        }
        return special;
    }

    private static byte[] CharsMap(GgufKeys keys)
    {
        const string Key = Prefix + "precompiled_charsmap";
        if (!keys.TryGet(Key, out GgufEntry entry))
            return [];
        return entry is { IsArray: true, Type: GgufValueType.U8 or GgufValueType.I8 }
            ? keys.Raw(entry).ToArray()
            : throw keys.Broken(Key, "an array of u8", entry.TypeText);
    }

    private static GgufEntry? PerToken(GgufKeys keys, string key, int vocabulary)
    {
        if (vocabulary == 0 || !keys.TryGet(key, out GgufEntry entry))
            return null;
        return entry.IsArray && entry.Count == vocabulary
            ? entry
            : throw keys.Broken(key, $"an array of {vocabulary} values, one for each of '{TokensKey}'", entry.TypeText);
    }

    private static GgufEntry? Entry(GgufKeys keys, string key, GgufValueType type, bool isArray)
    {
        if (!keys.TryGet(key, out GgufEntry entry))
            return null;
        return entry.Type == type && entry.IsArray == isArray
            ? entry
            : throw keys.Broken(key, (isArray ? "an array of " : "a ") + GgufValueTypes.Name(type), entry.TypeText);
    }

    private static string? Text(GgufKeys keys, string key) =>
        Entry(keys, key, GgufValueType.String, isArray: false) is { } entry ? Encoding.UTF8.GetString(keys.Utf8(entry)) : null;

    private static bool? Flag(GgufKeys keys, string key) =>
        Entry(keys, key, GgufValueType.Bool, isArray: false) is { } entry ? keys.Integer(entry) != 0 : null;
}
