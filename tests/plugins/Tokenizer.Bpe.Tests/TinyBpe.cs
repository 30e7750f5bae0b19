using System.Text;

namespace Tessera.Tokenizer.Bpe.Tests;

/// <summary>A byte-level BPE vocabulary small enough to reason about: all bytes, then what a test adds.</summary>
internal static class TinyBpe
{
    /// <summary>The spelling of each byte in GPT-2's alphabet.</summary>
    public static string[] Bytes { get; } = Alphabet();

    /// <summary>Assets of 256 byte tokens, the results of merges, then further tokens.</summary>
    public static TokenizerAssets Assets(string[] merges, (string Spelling, TokenKind Kind)[]? more = null, string pre = "gpt-2",
        Dictionary<SpecialToken, int>? special = null, bool? addBos = null, bool? addEos = null, string? name = null, string[]? without = null)
    {
        List<string> tokens = [.. Bytes.Except(without ?? [])];
        tokens.AddRange(merges.Select(m => m.Replace(" ", "", StringComparison.Ordinal)).Where(m => !tokens.Contains(m)).Distinct().ToArray());
        List<TokenKind> kinds = [.. Enumerable.Repeat(TokenKind.Normal, tokens.Count)];
        foreach ((string spelling, TokenKind kind) in more ?? [])
        {
            tokens.Add(spelling);
            kinds.Add(kind);
        }
        return new TokenizerAssets
        {
            Model = "gpt2",
            PreTokenizer = pre,
            Tokens = [.. tokens.Select(Encoding.UTF8.GetBytes)],
            Kinds = [.. kinds],
            Merges = merges,
            Special = special ?? [],
            AddBos = addBos,
            AddEos = addEos,
            ModelName = name,
        };
    }

    /// <summary>The pieces of a text, as text.</summary>
    public static string[] Pieces(ITokenizer tokenizer, string text, bool addSpecial = false, bool parseSpecial = false, params int[] breaks) =>
        [.. TokenizerFixtures.Encode(tokenizer, text, addSpecial, parseSpecial, breaks).Select(id => Encoding.UTF8.GetString(tokenizer.Piece(id)))];

    /// <summary>The same assets with some parts exchanged.</summary>
    public static TokenizerAssets With(TokenizerAssets a, byte[][]? tokens = null, TokenKind[]? kinds = null, string[]? merges = null, float[]? scores = null) => new()
    {
        Model = a.Model,
        PreTokenizer = a.PreTokenizer,
        Tokens = tokens ?? a.Tokens,
        Kinds = kinds ?? a.Kinds,
        Merges = merges ?? a.Merges,
        Scores = scores ?? a.Scores,
        Special = a.Special,
    };

    private static string[] Alphabet()
    {
        List<string> spellings = [];
        int next = 256;
        for (int value = 0; value < 256; value++)
        {
            bool visible = value is (> 0x20 and < 0x7F) or (> 0xA0 and not 0xAD);
            spellings.Add(((char)(visible ? value : next++)).ToString());
        }
        return [.. spellings];
    }
}
