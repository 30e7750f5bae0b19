using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizers.Common.Matching;

/// <summary>The white space that a special token swallows.</summary>
[Flags]
public enum SpaceRule
{
    /// <summary>None.</summary>
    None = 0,
    /// <summary>In front of it.</summary>
    Left = 1,
    /// <summary>Behind it.</summary>
    Right = 2,
}

/// <summary>Which special tokens swallow white space. GGUF has no key for it, so it follows from names, as in llama.cpp.</summary>
internal static class SpaceRules
{
    public static Dictionary<int, SpaceRule> For(TokenTable table, TokenizerAssets assets)
    {
        string name = assets.ModelName ?? "";
        string pre = assets.PreTokenizer ?? "";
        if (pre.Contains("jina-v2-de") || pre.Contains("jina-v2-es") || pre.Contains("jina-v2-code"))
            return Mask(assets, "<mask>"u8);
        if (Has(name, "phi-3") || Has(name, "phi3"))
            return Phi3(table, assets);
        return Has(name, "modern-bert") ? Mask(assets, "[MASK]"u8) : [];
    }

    private static bool Has(string name, string part) => name.Contains(part, StringComparison.OrdinalIgnoreCase);

    private static Dictionary<int, SpaceRule> Mask(TokenizerAssets assets, ReadOnlySpan<byte> spelling)
    {
        for (int id = 0; id < assets.Tokens.Length; id++)
            if (assets.Tokens[id].AsSpan().SequenceEqual(spelling))
                return new() { [id] = SpaceRule.Left };
        return [];
    }

    private static Dictionary<int, SpaceRule> Phi3(TokenTable table, TokenizerAssets assets)
    {
        Dictionary<int, SpaceRule> rules = [];
        for (int id = 0; id < table.Count; id++)
        {
            ReadOnlySpan<byte> spelling = assets.Tokens[id];
            if (table.Kind(id) is not (TokenKind.Control or TokenKind.UserDefined or TokenKind.Unknown))
                continue;
            if (!spelling.SequenceEqual("<unk>"u8) && !spelling.SequenceEqual("<s>"u8) && !spelling.SequenceEqual("<|endoftext|>"u8))
                rules[id] = SpaceRule.Right;
        }
        return rules;
    }
}
