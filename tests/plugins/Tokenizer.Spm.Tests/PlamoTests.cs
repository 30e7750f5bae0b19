using System.Text;

namespace Tessera.Tokenizer.Spm.Tests;

public class PlamoTests
{
    private static ITokenizer Create(params (string Spelling, float Score, TokenKind Kind)[] more)
    {
        (string Spelling, float Score, TokenKind Kind)[] tokens =
        [
            ("<unk>", 0, TokenKind.Unknown), ("<bos>", 0, TokenKind.Control), ("<eos>", 0, TokenKind.Control), ("<pad>", 0, TokenKind.Control),
            .. Enumerable.Range(0, 256).Select(b => ($"<0x{b:X2}>", 0f, TokenKind.Byte)), .. more,
        ];
        return new SpmFactory().Create(new TokenizerAssets
        {
            Model = "plamo2",
            Tokens = [.. tokens.Select(t => Encoding.UTF8.GetBytes(t.Spelling))],
            Scores = [.. tokens.Select(t => t.Score)],
            Kinds = [.. tokens.Select(t => t.Kind)],
        });
    }

    private static string Pieces(ITokenizer tokenizer, string text) =>
        string.Join('|', TokenizerFixtures.Encode(tokenizer, text).Select(id => Encoding.UTF8.GetString(tokenizer.Piece(id))));

    [Fact]
    public void The_cover_with_the_best_score_wins_and_the_longer_first_piece_of_equals()
    {
        ITokenizer tokenizer = Create(("a", -1, TokenKind.Normal), ("b", -1, TokenKind.Normal), ("c", -1, TokenKind.Normal), ("ab", -1.5f, TokenKind.Normal), ("bc", -1.2f, TokenKind.Normal), ("aa", -1, TokenKind.Normal), (" a", -1, TokenKind.Normal));
        Assert.Equal("a|bc", Pieces(tokenizer, "abc"));
        Assert.Equal("aa|a", Pieces(tokenizer, "aaa"));
        Assert.Equal(" a|b", Pieces(tokenizer, " ab"));
        Assert.Equal("a", Pieces(tokenizer, "\uFEFFa"));
        Assert.Equal("", Pieces(tokenizer, "\uFEFF"));
    }

    [Fact]
    public void What_no_piece_covers_is_spelled_in_bytes()
    {
        ITokenizer tokenizer = Create(("a", -1, TokenKind.Normal), ("é", float.NaN, TokenKind.Normal), ("zz", -2500, TokenKind.Normal));
        int[] ids = TokenizerFixtures.Encode(tokenizer, "aé😀zz");
        Assert.Equal(1 + 2 + 4 + 2, ids.Length);
        Assert.Equal("aé😀zz"u8, TokenizerFixtures.Decode(tokenizer, ids, skipControl: false));
    }

    [Fact]
    public void Control_tokens_are_not_text() => Assert.Equal(5, TokenizerFixtures.Encode(Create(), "<bos>").Length);
}
