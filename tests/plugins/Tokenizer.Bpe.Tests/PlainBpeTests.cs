using System.Text;

namespace Tessera.Tokenizer.Bpe.Tests;

/// <summary>BPE over characters of UTF-8: Gemma 4, Sarvam, the Chinese Jina embeddings.</summary>
public class PlainBpeTests
{
    private static TokenizerAssets Assets(string model, string? pre, string[] merges, params (string Spelling, TokenKind Kind)[] more)
    {
        List<(string Spelling, TokenKind Kind)> tokens = [("<unk>", TokenKind.Unknown), ("<bos>", TokenKind.Control), .. Enumerable.Range(0, 256).Select(b => ($"<0x{b:X2}>", TokenKind.Byte))];
        tokens.AddRange("abc▁é\n".Select(c => (c.ToString(), TokenKind.Normal)));
        tokens.AddRange(merges.Select(m => m.Remove(m.IndexOf(' ', 1), 1)).Distinct().Select(m => (m, TokenKind.Normal)));
        tokens.AddRange(more);
        return new TokenizerAssets
        {
            Model = model,
            PreTokenizer = pre,
            Tokens = [.. tokens.Select(t => Encoding.UTF8.GetBytes(t.Spelling))],
            Kinds = [.. tokens.Select(t => t.Kind)],
            Merges = merges,
            Special = new Dictionary<SpecialToken, int> { [SpecialToken.Bos] = 1 },
            AddBos = false,
        };
    }

    private static string Pieces(TokenizerAssets assets, string text, bool addSpecial = false) => string.Join('|', TinyBpe.Pieces(new BpeFactory().Create(assets), text, addSpecial));

    [Fact]
    public void Spaces_are_marks_and_merges_begin_with_characters()
    {
        string[] merges = ["a b", "▁ ab", "▁ ▁", "é c"];
        foreach ((string model, string? pre) in new[] { ("gemma4", null), ("gemma4", "qwen2"), ("gpt2", "gemma4"), ("gpt2", "sarvam-moe") })
        {
            Assert.Equal("ab| ab|éc", Pieces(Assets(model, pre, merges), "ab abéc"));
            Assert.Equal("  | ab", Pieces(Assets(model, pre, merges), "   ab"));
        }
    }

    [Fact]
    public void What_has_no_token_is_spelled_in_byte_tokens()
    {
        TokenizerAssets assets = Assets("gemma4", null, ["a b"]);
        ITokenizer tokenizer = new BpeFactory().Create(assets);
        int[] ids = TokenizerFixtures.Encode(tokenizer, "ab€😀");
        Assert.Equal(8, ids.Length);
        Assert.Equal("ab€😀"u8, TokenizerFixtures.Decode(tokenizer, ids, skipControl: true));
    }

    [Fact]
    public void A_run_of_line_feeds_that_is_a_token_is_one_in_Gemma_only()
    {
        TokenizerAssets gemma = Assets("gpt2", "gemma4", ["a b"], ("\n\n\n", TokenKind.Normal));
        Assert.Equal("a|\n\n\n|b", Pieces(gemma, "a\n\n\nb"));
        Assert.Equal("a|\n|\n|\n|b", Pieces(Assets("gpt2", "sarvam-moe", ["a b"], ("\n\n\n", TokenKind.Normal)), "a\n\n\nb"));
        Assert.Equal("a|\n|\n|b", Pieces(gemma, "a\n\nb"));
    }

    [Fact]
    public void Gemma_starts_with_BOS_whatever_the_file_says()
    {
        Assert.Equal("<bos>|a", Pieces(Assets("gemma4", null, ["a b"]), "a", addSpecial: true));
        Assert.Equal("a", Pieces(Assets("gpt2", "sarvam-moe", ["a b"]), "a", addSpecial: true));
    }

    [Fact]
    public void Words_that_no_token_crosses_are_merged_as_the_whole_text_is()
    {
        string[] merges = ["▁ a", "a b", "▁a b", "b c", "▁ ▁", "▁▁ ▁▁", "c ▁"];
        TokenizerAssets crossing = Assets("gemma4", null, merges);
        TokenizerAssets apart = Assets("gemma4", null, merges[..^1]);
        Assert.Equal("c |c ", Pieces(crossing, "c c "));
        // The same merges, with a token that crosses but is in no merge: the whole text is merged at once.
        TokenizerAssets whole = Assets("gemma4", null, merges[..^1], ("x▁y", TokenKind.Normal));
        Random random = new(9);
        for (int i = 0; i < 500; i++)
        {
            string text = new([.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => "abc   \n"[random.Next(7)])]);
            Assert.Equal(Pieces(whole, text), Pieces(apart, text));
        }
    }

    [Theory]
    [InlineData(null, "ab  c\u3000AB", "ab|c|<0x41>|<0x42>")]
    [InlineData(true, "ab  c\u3000AB", "ab|c|ab")]
    public void The_kind_whitespace_drops_it_and_lowers_letters_where_the_file_says_so(bool? lowercase, string text, string spellings)
    {
        TokenizerAssets a = Assets("whitespace", "whitespace", ["a b"]);
        TokenizerAssets assets = new() { Model = a.Model, PreTokenizer = a.PreTokenizer, Tokens = a.Tokens, Kinds = a.Kinds, Merges = a.Merges, Lowercase = lowercase };
        Assert.Equal(spellings, string.Join('|', TokenizerFixtures.Encode(new BpeFactory().Create(assets), text).Select(id => Encoding.UTF8.GetString(a.Tokens[id]))));
    }
}
