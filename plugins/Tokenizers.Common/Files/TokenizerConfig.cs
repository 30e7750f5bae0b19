using System.Text;
using System.Text.Json;
using Tessera.Tokenizers.Common.Matching;

namespace Tessera.Tokenizers.Common.Files;

/// <summary>What tokenizer_config.json says beside a vocabulary file: flags, special tokens by role, added tokens.</summary>
public sealed class TokenizerConfig
{
    /// <summary>The file's name.</summary>
    public const string FileName = "tokenizer_config.json";

    private static readonly (string Key, SpecialToken Role)[] RoleKeys =
    [
        ("bos_token", SpecialToken.Bos), ("eos_token", SpecialToken.Eos), ("unk_token", SpecialToken.Unknown), ("pad_token", SpecialToken.Padding),
        ("sep_token", SpecialToken.Separator), ("cls_token", SpecialToken.Classification), ("mask_token", SpecialToken.Mask),
    ];

    /// <summary><c>add_bos_token</c>.</summary>
    public bool? AddBos { get; private set; }

    /// <summary><c>add_eos_token</c>.</summary>
    public bool? AddEos { get; private set; }

    /// <summary><c>tokenizer_class</c>.</summary>
    public string? TokenizerClass { get; private set; }

    /// <summary>The spellings of special tokens by role.</summary>
    public Dictionary<SpecialToken, string> Roles { get; } = [];

    /// <summary><c>added_tokens_decoder</c>, ascending by id.</summary>
    public SortedDictionary<int, AddedToken> Added { get; } = [];

    /// <summary>Reads the file among a model's files; without it, nothing is said.</summary>
    /// <exception cref="ModelFormatException">The file is not what it should be.</exception>
    public static TokenizerConfig Read(IReadOnlyDictionary<string, byte[]> files)
    {
        TokenizerConfig config = new();
        if (!files.TryGetValue(FileName, out byte[]? json))
            return config;
        try
        {
            using JsonDocument document = JsonDocument.Parse(json.AsMemory(json.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0));
            config.Fill(document.RootElement);
        }
        catch (JsonException e)
        {
            throw new ModelFormatException($"{FileName}: {e.Message}");
        }
        return config;
    }

    private void Fill(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw new ModelFormatException($"{FileName}: is {root.ValueKind}, expected an object");
        (AddBos, AddEos) = (Flag(root, "add_bos_token"), Flag(root, "add_eos_token"));
        TokenizerClass = Text(root, "tokenizer_class");
        foreach ((string key, SpecialToken role) in RoleKeys)
            if ((root.TryGetProperty(key, out JsonElement token) && token.ValueKind == JsonValueKind.Object ? Text(token, "content") : Text(root, key)) is { } spelling)
                Roles[role] = spelling;
        if (!root.TryGetProperty("added_tokens_decoder", out JsonElement added))
            return;
        if (added.ValueKind != JsonValueKind.Object)
            throw new ModelFormatException($"{FileName}: added_tokens_decoder is {added.ValueKind}, expected an object");
        foreach (JsonProperty item in added.EnumerateObject())
        {
            if (!int.TryParse(item.Name, out int id) || id < 0 || item.Value.ValueKind != JsonValueKind.Object)
                throw new ModelFormatException($"{FileName}: added_tokens_decoder has '{item.Name}': {item.Value.ValueKind}, expected a token id with an object");
            string content = Text(item.Value, "content") ?? throw new ModelFormatException($"{FileName}: added_tokens_decoder[{id}]: content is missing");
            SpaceRule rule = (Flag(item.Value, "lstrip") == true ? SpaceRule.Left : 0) | (Flag(item.Value, "rstrip") == true ? SpaceRule.Right : 0);
            Added[id] = new AddedToken(content, Flag(item.Value, "special") == true, rule);
        }
    }

    /// <summary>Puts the added tokens into a vocabulary: those that it has get their kind, those beyond its end are appended, gaps are filled with unused tokens.</summary>
    /// <param name="tokens">The spelling of each token.</param>
    /// <param name="kinds">The kind of each token.</param>
    /// <returns>The white space that the tokens swallow.</returns>
    /// <exception cref="ModelFormatException">An id is far beyond the vocabulary's end, or stands for something else there.</exception>
    public Dictionary<int, SpaceRule> AddTo(List<byte[]> tokens, List<TokenKind> kinds)
    {
        const int LargestGap = 1 << 16;
        Dictionary<int, SpaceRule> rules = [];
        foreach ((int id, AddedToken token) in Added)
        {
            if (id > tokens.Count + LargestGap)
                throw new ModelFormatException($"{FileName}: added token '{token.Content}' has id {id}, the vocabulary ends at {tokens.Count}");
            byte[] spelling = Encoding.UTF8.GetBytes(token.Content);
            while (tokens.Count <= id)
            {
                tokens.Add([]);
                kinds.Add(TokenKind.Unused);
            }
            if (tokens[id].Length > 0 && !tokens[id].AsSpan().SequenceEqual(spelling))
                throw new ModelFormatException($"{FileName}: added token '{token.Content}' has id {id}, which is '{Encoding.UTF8.GetString(tokens[id])}' in the vocabulary");
            tokens[id] = spelling;
            if (kinds[id] is not (TokenKind.Unknown or TokenKind.Byte))
                kinds[id] = token.Special ? TokenKind.Control : TokenKind.UserDefined;
            if (token.SpaceRule != SpaceRule.None)
                rules[id] = token.SpaceRule;
        }
        return rules;
    }

    private static bool? Flag(JsonElement root, string key)
    {
        if (!root.TryGetProperty(key, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
            return null;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : throw new ModelFormatException($"{FileName}: {key} is {value.ValueKind}, expected true or false");
    }

    private static string? Text(JsonElement root, string key) =>
        root.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

/// <summary>A token of <c>added_tokens_decoder</c>.</summary>
/// <param name="Content">Its spelling.</param>
/// <param name="Special">Whether it is a control token.</param>
/// <param name="SpaceRule">The white space that it swallows.</param>
public readonly record struct AddedToken(string Content, bool Special, SpaceRule SpaceRule);
