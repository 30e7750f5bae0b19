using System.Text;
using Tessera.Tokenizer.Bpe.WordPiece;

namespace Tessera.Tokenizer.Bpe.Tests;

public class WordPieceTests
{
    private static readonly string[] Vocabulary =
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "▁play", "ing", "ed", "▁cafe", "▁i", "▁.", "▁$", "▁中", "▁文", "▁a", "b", "▁ᄒ", "ᅡ", "ᆫ", "▁", "▁α", "▁plays"];

    private static ITokenizer Create(bool? addBos = null, bool? addEos = null) => new WordPieceFactory().Create(Assets(addBos, addEos));

    private static TokenizerAssets Assets(bool? addBos = null, bool? addEos = null) => new()
    {
        Model = "bert",
        Tokens = [.. Vocabulary.Select(Encoding.UTF8.GetBytes)],
        Kinds = [.. Vocabulary.Select(v => v[0] == '[' ? TokenKind.Control : TokenKind.Normal)],
        Special = new Dictionary<SpecialToken, int> { [SpecialToken.Unknown] = 1, [SpecialToken.Classification] = 2, [SpecialToken.Separator] = 3 },
        AddBos = addBos,
        AddEos = addEos,
    };

    [Theory]
    [InlineData("playing", " play|ing")]
    [InlineData("PLAYED plays", " play|ed| plays")]
    [InlineData("Café CAFE\u0301 ca\u0301fe", " cafe| cafe| cafe")]
    [InlineData("İ", " i")]
    [InlineData("a.$a", " a| .| $| a")]
    [InlineData("a中文a", " a| 中| 文| a")]
    [InlineData("한", " ᄒ|ᅡ|ᆫ")]
    [InlineData("a\u0000\uFFFD\u200Bb \uFEFFa", " a|b| a")]
    [InlineData("xyz playxing a", "[UNK]|[UNK]| a")]
    [InlineData("ά\u00A0α\tα\nα", " α| α| α| α")]
    [InlineData("a[CLS]", " a|[UNK]|[UNK]|[UNK]")]
    [InlineData("", "")]
    public void Words_are_normalized_and_covered_by_the_longest_tokens(string text, string pieces) =>
        Assert.Equal(pieces, string.Join('|', TinyBpe.Pieces(Create(), text)));

    [Theory]
    [InlineData(false, null, "Café|café|[UNK]")]
    [InlineData(false, true, "[UNK]|cafe|[UNK]")]
    [InlineData(true, null, "cafe|cafe|cafe")]
    [InlineData(true, false, "café|café|café")]
    public void Case_and_accents_stay_where_the_file_says_so(bool lowercase, bool? stripAccents, string pieces)
    {
        string[] vocabulary = ["[UNK]", "▁Café", "▁café", "▁cafe"];
        ITokenizer tokenizer = new WordPieceFactory().Create(new TokenizerAssets
        {
            Model = "bert",
            Tokens = [.. vocabulary.Select(Encoding.UTF8.GetBytes)],
            Kinds = [TokenKind.Unknown, .. Enumerable.Repeat(TokenKind.Normal, 3)],
            Special = new Dictionary<SpecialToken, int> { [SpecialToken.Unknown] = 0 },
            AddBos = false,
            AddEos = false,
            Lowercase = lowercase,
            StripAccents = stripAccents,
        });
        Assert.Equal(pieces, string.Join('|', TinyBpe.Pieces(tokenizer, "Café café CAFÉ").Select(p => p.Trim())));
    }

    [Fact]
    public void CLS_and_SEP_stand_around_a_text_unless_the_file_says_otherwise()
    {
        Assert.Equal([2, 13, 3], TokenizerFixtures.Encode(Create(), "a", addSpecial: true));
        Assert.Equal([13], TokenizerFixtures.Encode(Create(false, false), "a", addSpecial: true));
        Assert.Equal([2, 13, 3], TokenizerFixtures.Encode(Create(false, false), "[CLS] a [SEP]", parseSpecial: true));
    }

    [Fact]
    public void A_decoder_for_readers_leaves_out_control_tokens_and_the_first_space()
    {
        ITokenizer tokenizer = Create();
        int[] ids = TokenizerFixtures.Encode(tokenizer, "playing.", addSpecial: true);
        Assert.Equal("[CLS] playing.[SEP]"u8, TokenizerFixtures.Decode(tokenizer, ids, skipControl: false));
        Assert.Equal("playing."u8, TokenizerFixtures.Decode(tokenizer, ids, skipControl: true));
    }

    [Fact]
    public void A_vocabulary_without_an_unknown_token_is_refused()
    {
        TokenizerAssets assets = new() { Model = "bert", Tokens = [[(byte)'a']] };
        Assert.Contains("Unknown", Assert.Throws<ModelFormatException>(() => new WordPieceFactory().Create(assets)).Message);
    }

    [Fact]
    public void An_endless_token_is_refused()
    {
        TokenizerAssets assets = new() { Model = "bert", Tokens = [[(byte)'a'], new byte[2000]], Special = new Dictionary<SpecialToken, int> { [SpecialToken.Unknown] = 0 } };
        Assert.Contains("2000", Assert.Throws<ModelFormatException>(() => new WordPieceFactory().Create(assets)).Message);
    }

    [Fact]
    public void Stripping_accents_agrees_with_known_decompositions()
    {
        Dictionary<int, string> table = AccentTable.Read();
        Assert.Equal(2043, table.Count);
        Assert.Equal("e", table['é']);
        Assert.Equal("o", table[0x1EDB]);
        Assert.Equal("K", table[0x212A]);
        Assert.Equal("豈", table[0xF900]);
        Assert.Equal("\u0D46\u0D3E", table[0x0D4A]);
        Assert.Equal(char.ConvertFromUtf32(0x233D5), table[0xFAD1]);
        Assert.False(table.ContainsKey('ø'));
    }
}
