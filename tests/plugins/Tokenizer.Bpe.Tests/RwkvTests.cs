using System.Text;

namespace Tessera.Tokenizer.Bpe.Tests;

public class RwkvTests
{
    private static ITokenizer Create(params string[] more)
    {
        string[] tokens = ["<s>", .. Enumerable.Range(0, 256).Select(b => b switch { '\\' => @"\\", '\n' => @"\n", >= ' ' and < 127 => ((char)b).ToString(), _ => $"\\x{b:x2}" }), .. more];
        return new BpeFactory().Create(new TokenizerAssets
        {
            Model = "rwkv",
            Tokens = [.. tokens.Select(Encoding.UTF8.GetBytes)],
            Kinds = [TokenKind.Control, .. Enumerable.Repeat(TokenKind.Normal, tokens.Length - 1)],
        });
    }

    [Fact]
    public void The_longest_token_from_the_left_is_taken()
    {
        ITokenizer tokenizer = Create("ab", "abcd", " the", @"\n\n", @"\xe4\xb8", "é");
        Assert.Equal(["ab", "c", " the", "\n\n"], TinyBpe.Pieces(tokenizer, "abc the\n\n"));
        Assert.Equal(["abcd", "é", "é"], TinyBpe.Pieces(tokenizer, "abcdéé"));
        int[] ids = TokenizerFixtures.Encode(tokenizer, "中\\\0");
        Assert.Equal(4, ids.Length);
        Assert.Equal("中\\\0"u8, TokenizerFixtures.Decode(tokenizer, ids, skipControl: false));
    }

    [Theory]
    [InlineData(@"ab\")]
    [InlineData(@"\x1")]
    [InlineData(@"\xzz")]
    public void A_broken_escape_is_refused(string token) => Assert.Contains("token 257", Assert.Throws<ModelFormatException>(() => Create(token)).Message);

    [Fact]
    public void Every_byte_needs_a_token()
    {
        TokenizerAssets assets = new() { Model = "rwkv", Tokens = [[(byte)'a']] };
        Assert.Contains("0x00", Assert.Throws<ModelFormatException>(() => new BpeFactory().Create(assets)).Message);
    }
}
