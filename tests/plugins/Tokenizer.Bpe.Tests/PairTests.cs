namespace Tessera.Tokenizer.Bpe.Tests;

/// <summary>Two texts for an encoder with byte-level BPE.</summary>
public class PairTests
{
    // Behind the bytes and one merge.
    private const int First = 257;

    [Theory]
    [InlineData("gpt-2", null, new[] { 257, 7, 8, 258, 9, 258 })]
    [InlineData("gpt-2", true, new[] { 257, 7, 8, 258, 258, 9, 258 })]
    [InlineData("roberta-bpe", null, new[] { 257, 7, 8, 258, 258, 9, 258 })]
    [InlineData("roberta-bpe", false, new[] { 257, 7, 8, 258, 9, 258 })]
    public void A_separator_stands_between_them_once_or_twice(string pre, bool? addSep, int[] expected)
    {
        IPairTokenizer tokenizer = Assert.IsType<IPairTokenizer>(Create(pre, addSep, addEos: true), exactMatch: false);
        List<int> ids = [], types = [];
        tokenizer.JoinPair([7, 8], [9], ids, types);
        Assert.Equal(expected, ids);
        Assert.Equal(new int[expected.Length], types);
        Assert.Equal(expected.Length - 3, tokenizer.PairTokens);
    }

    [Fact]
    public void A_model_whose_texts_do_not_end_knows_no_pairs() => Assert.IsNotType<IPairTokenizer>(Create("gpt-2", null, addEos: false), exactMatch: false);

    private static ITokenizer Create(string pre, bool? addSep, bool addEos)
    {
        TokenizerAssets assets = TinyBpe.Assets(["a b"], [("[CLS]", TokenKind.Control), ("[SEP]", TokenKind.Control)], pre);
        return new BpeFactory().Create(new TokenizerAssets
        {
            Model = assets.Model, PreTokenizer = pre, Tokens = assets.Tokens, Kinds = assets.Kinds, Merges = assets.Merges, AddBos = true, AddEos = addEos, AddSep = addSep,
            Special = new Dictionary<SpecialToken, int> { [SpecialToken.Bos] = First, [SpecialToken.Eos] = First + 1 },
        });
    }
}
