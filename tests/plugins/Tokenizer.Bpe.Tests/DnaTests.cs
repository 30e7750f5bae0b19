using System.Text;

namespace Tessera.Tokenizer.Bpe.Tests;

/// <summary>The kind <c>hybriddna</c>: BPE, and sixes of bases between two tags.</summary>
public class DnaTests
{
    private const string Mark = "\uE000";

    // "CCCCCC" is what merges make, too.
    private static readonly string[] Merges = ["C C", "CC CC", "CCCC CC", "a b"];
    private static readonly (string, TokenKind)[] Sixes =
        [("<dna>", TokenKind.Normal), ("</dna>", TokenKind.Normal), ("<oov>", TokenKind.Normal), ("ACGTAC" + Mark, TokenKind.Normal), ("CCCCCC" + Mark, TokenKind.Normal), ("GAAAAA" + Mark, TokenKind.Normal), ("ACG" + Mark, TokenKind.Normal)];

    private static TokenizerAssets Assets((string, TokenKind)[] more, string pre = "gpt-2")
    {
        TokenizerAssets assets = TinyBpe.Assets(Merges, more, pre, addBos: false);
        return new TokenizerAssets { Model = "hybriddna", PreTokenizer = pre, Tokens = assets.Tokens, Kinds = assets.Kinds, Merges = assets.Merges, AddBos = false };
    }

    private static ITokenizer Create((string, TokenKind)[] more, string pre = "gpt-2") => new BpeFactory().Create(Assets(more, pre));

    [Theory]
    [InlineData("ab<dna>ACGTACCCCCCC</dna>ab", "ab|<dna>|ACGTAC|CCCCCC|</dna>|ab")]
    [InlineData("<dna>acgtacg</dna>", "<dna>|ACGTAC|GAAAAA|</dna>")]
    [InlineData("<dna>NNNNNNACGTAC</dna>", "<dna>|<oov>|ACGTAC|</dna>")]
    [InlineData("<dna>é中ACGTAC", "<dna>|<oov>|<oov>")] // five bytes and one base, then five bases and an A
    [InlineData("<dna>ACGTAC<dna></dna><dna></dna>", "<dna>|ACGTAC|<oov>|</dna>|<dna>|</dna>")]
    [InlineData("<dna>ACGTAC", "<dna>|ACGTAC")]
    [InlineData("</dna>ab", "<|/|d|n|a|>|ab")]
    [InlineData("CCCCCC", "CCCCCC")]
    [InlineData("", "")]
    public void Bases_between_the_tags_are_taken_by_sixes(string text, string pieces) => Assert.Equal(pieces, string.Join('|', TinyBpe.Pieces(Create(Sixes), text)));

    [Fact]
    public void A_six_is_another_token_than_the_same_letters_in_text()
    {
        ITokenizer tokenizer = Create(Sixes);
        int text = Assert.Single(TokenizerFixtures.Encode(tokenizer, "CCCCCC"));
        int six = TokenizerFixtures.Encode(tokenizer, "<dna>CCCCCC")[1];
        Assert.NotEqual(text, six);
        Assert.Equal("CCCCCC"u8, tokenizer.Piece(six));
        Assert.Equal("CCCCCC<dna>CCCCCC</dna>"u8, TokenizerFixtures.Decode(tokenizer, TokenizerFixtures.Encode(tokenizer, "CCCCCC<dna>CCCCCC</dna>"), skipControl: true));
    }

    [Fact]
    public void Text_does_not_become_a_six()
    {
        // Here a word that is a token needs no merges.
        Assert.Equal(["A", "C", "G", "T", "A", "C"], TinyBpe.Pieces(Create(Sixes, "llama3"), "ACGTAC"));
    }

    [Theory]
    [InlineData("<dna>")]
    [InlineData("</dna>")]
    [InlineData("<oov>")]
    public void A_vocabulary_without_one_of_the_three_has_no_regions(string missing)
    {
        (string, TokenKind)[] less = [.. Sixes.Where(s => s.Item1 != missing)];
        Assert.Equal(["<", "d", "n", "a", ">", "A"], TinyBpe.Pieces(Create(less), "<dna>A"));
    }

    [Fact]
    public void Text_never_becomes_a_control_token()
    {
        (string, TokenKind)[] control = [("<dna>", TokenKind.Control), .. Sixes[1..]];
        Assert.Equal(["<", "d", "n", "a", ">", "A"], TinyBpe.Pieces(Create(control), "<dna>A"));
    }

    [Fact]
    public void Marks_in_front_of_the_unknown_six_are_letters()
    {
        (string, TokenKind)[] early = [("ACGTAC" + Mark, TokenKind.Normal), .. Sixes[..3]];
        ITokenizer tokenizer = Create(early);
        Assert.Equal(["<dna>", "<oov>"], TinyBpe.Pieces(tokenizer, "<dna>ACGTAC"));
        Assert.Equal(Encoding.UTF8.GetBytes("ACGTAC" + Mark), tokenizer.Piece(tokenizer.VocabularySize - 4).ToArray());
    }
}
