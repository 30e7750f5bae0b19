using System.Text;

namespace Tessera.Tokenizer.Bpe.Tests;

public class BpeTokenizerTests
{
    private static ITokenizer Create(TokenizerAssets assets) => new BpeFactory().Create(assets);

    [Fact]
    public void The_best_ranked_pair_merges_first_and_equal_ones_from_the_left()
    {
        ITokenizer tokenizer = Create(TinyBpe.Assets(["b c", "a b", "a a"]));
        Assert.Equal(["a", "bc"], TinyBpe.Pieces(tokenizer, "abc"));
        Assert.Equal(["aa", "a"], TinyBpe.Pieces(tokenizer, "aaa"));
    }

    [Fact]
    public void Every_byte_comes_back()
    {
        ITokenizer tokenizer = Create(TinyBpe.Assets(["Ġ a"]));
        string text = " a\0\t\n\u007F\u00A0\u00ADé中😀";
        int[] ids = TokenizerFixtures.Encode(tokenizer, text);
        Assert.Equal(text, Encoding.UTF8.GetString(TokenizerFixtures.Decode(tokenizer, ids, skipControl: false)));
        Assert.Equal(" a"u8, tokenizer.Piece(ids[0]));
    }

    [Fact]
    public void An_unpaired_surrogate_counts_as_the_replacement_character()
    {
        ITokenizer tokenizer = Create(TinyBpe.Assets(["a b"]));
        Assert.Equal(TokenizerFixtures.Encode(tokenizer, "x\uFFFDy\uFFFD"), TokenizerFixtures.Encode(tokenizer, "x\uD800y\uDC00"));
    }

    [Fact]
    public void A_byte_that_the_vocabulary_lacks_is_unknown_or_nothing()
    {
        TokenizerAssets assets = TinyBpe.Assets(["a b"], [("<unk>", TokenKind.Unknown)], without: ["q"]);
        Assert.Equal(["x", "y"], TinyBpe.Pieces(Create(assets), "xqy"));
        TokenizerAssets named = TinyBpe.Assets(["a b"], [("<unk>", TokenKind.Unknown)], without: ["q"], special: new() { [SpecialToken.Unknown] = assets.Tokens.Length - 1 });
        Assert.Equal(["x", "<unk>", "y"], TinyBpe.Pieces(Create(named), "xqy"));
    }

    [Fact]
    public void A_merge_that_names_an_unknown_token_never_applies()
    {
        TokenizerAssets assets = TinyBpe.Assets(["a b", "b c"]);
        ITokenizer tokenizer = Create(TinyBpe.With(assets, merges: ["x yz", "€ a", "a c", "a b", "b c"]));
        Assert.Equal(["a", "c", "ab"], TinyBpe.Pieces(tokenizer, "acab"));
    }

    [Fact]
    public void Of_equal_merges_the_first_counts()
    {
        TokenizerAssets assets = TinyBpe.Assets(["a b", "b c"]);
        Assert.Equal(["ab", "c"], TinyBpe.Pieces(Create(TinyBpe.With(assets, merges: ["a b", "b c", "b c", "a b"])), "abc"));
    }

    [Theory]
    [InlineData("ab")]
    [InlineData("a ")]
    [InlineData("")]
    [InlineData(" ")]
    public void A_merge_that_is_not_two_spellings_is_refused(string line)
    {
        TokenizerAssets assets = TinyBpe.With(TinyBpe.Assets(["a b"]), merges: ["a b", line]);
        Assert.Contains("line 1", Assert.Throws<ModelFormatException>(() => Create(assets)).Message);
    }

    [Fact]
    public void Merges_are_required() =>
        Assert.Contains("merges", Assert.Throws<ModelFormatException>(() => Create(TinyBpe.Assets([]))).Message);

    [Fact]
    public void A_word_that_is_a_token_needs_no_merges_where_the_pre_tokenizer_says_so()
    {
        (string, TokenKind)[] more = [("word", TokenKind.Normal)];
        Assert.Equal(["word"], TinyBpe.Pieces(Create(TinyBpe.Assets(["o r"], more, "llama3", addBos: false)), "word"));
        Assert.Equal(["w", "or", "d"], TinyBpe.Pieces(Create(TinyBpe.Assets(["o r"], more)), "word"));
    }

    [Fact]
    public void Text_never_becomes_a_control_token_without_parsing()
    {
        (string, TokenKind)[] more = [("secret", TokenKind.Control)];
        ITokenizer tokenizer = Create(TinyBpe.Assets(["s e", "se c", "sec r", "secr e", "secre t"], more, "llama3", addBos: false));
        // "secret" is also what the merges make: the ordinary token.
        int merged = Assert.Single(TokenizerFixtures.Encode(tokenizer, "secret"));
        int parsed = Assert.Single(TokenizerFixtures.Encode(tokenizer, "secret", parseSpecial: true));
        Assert.Equal(TokenKind.Normal, tokenizer.Kind(merged));
        Assert.Equal(TokenKind.Control, tokenizer.Kind(parsed));
    }

    [Fact]
    public void BOS_and_EOS_are_added_as_the_file_says()
    {
        (string, TokenKind)[] more = [("<bos>", TokenKind.Control), ("<end>", TokenKind.Control)];
        Dictionary<SpecialToken, int> special = new() { [SpecialToken.Bos] = 257, [SpecialToken.Eos] = 258 };
        Assert.Equal(["<bos>", "a", "<end>"], TinyBpe.Pieces(Create(TinyBpe.Assets(["a b"], more, special: special, addBos: true, addEos: true)), "a", addSpecial: true));
        Assert.Equal(["a"], TinyBpe.Pieces(Create(TinyBpe.Assets(["a b"], more, special: special)), "a", addSpecial: true));
        Assert.Equal(["<bos>", "a"], TinyBpe.Pieces(Create(TinyBpe.Assets(["a b"], more, "llama3", special)), "a", addSpecial: true));
        Assert.Contains("BOS", Assert.Throws<ModelFormatException>(() => Create(TinyBpe.Assets(["a b"], more, addBos: true))).Message);
        Assert.Contains("EOS", Assert.Throws<ModelFormatException>(() => Create(TinyBpe.Assets(["a b"], more, addEos: true))).Message);
    }

    [Fact]
    public void A_long_word_without_spaces_is_encoded_whole()
    {
        ITokenizer tokenizer = Create(TinyBpe.Assets(["a a", "aa aa", "aaaa aaaa"]));
        Assert.Equal(12_501, TokenizerFixtures.Encode(tokenizer, new string('a', 100_001)).Length);
    }

    [Fact]
    public void Spaces_before_punctuation_are_taken_back_for_readers_of_whole_texts_only()
    {
        ITokenizer tokenizer = Create(TinyBpe.Assets(["a b"]));
        int[] ids = TokenizerFixtures.Encode(tokenizer, "x ! y");
        Assert.Equal("x! y"u8, TokenizerFixtures.Decode(tokenizer, ids, skipControl: false));
        Assert.Equal("x ! y"u8, TokenizerFixtures.Decode(tokenizer, ids, skipControl: true));
    }

    [Fact]
    public void Other_kinds_are_refused_by_name()
    {
        TokenizerAssets assets = new() { Model = "no_vocab", Tokens = [[1]] };
        Assert.False(new BpeFactory().CanCreate(assets));
        Assert.Contains("'no_vocab'", Assert.Throws<UnsupportedModelException>(() => Create(assets)).Message);
        Assert.Contains("'no_vocab'", Assert.Throws<UnsupportedModelException>(() => new WordPiece.WordPieceFactory().Create(assets)).Message);
    }

    [Fact]
    public void Encoding_and_decoding_allocate_nothing_once_warm()
    {
        ITokenizer tokenizer = Create(TinyBpe.Assets(["h e", "l l", "he ll", "hell o", "Ġ hello"], [("<s>", TokenKind.Control)], "llama3", addBos: false));
        string text = string.Concat(Enumerable.Repeat("hello hello<s>, 1234 été 😀!\n", 50));
        List<int> ids = new(10_000);
        ITokenDecoder decoder = tokenizer.CreateDecoder(false);
        byte[] buffer = new byte[decoder.MaxBytes];
        void Run()
        {
            ids.Clear();
            tokenizer.Encode(text, new EncodeOptions { ParseSpecial = true }, ids);
            foreach (int id in ids)
                decoder.Append(id, buffer);
            decoder.Finish(buffer);
        }
        for (int i = 0; i < 8; i++)
            Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Many_threads_get_the_same_ids()
    {
        ITokenizer tokenizer = Create(TinyBpe.Assets(["h e", "l l", "he ll", "hell o", "Ġ hello"], [("<s>", TokenKind.Control)]));
        string[] texts = [.. Enumerable.Range(1, 64).Select(i => string.Concat(Enumerable.Repeat($"hello hello{i}<s> hell", i)))];
        int[][] expected = [.. texts.Select(t => TokenizerFixtures.Encode(tokenizer, t, parseSpecial: true))];
        Parallel.For(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
            Assert.Equal(expected[i % 64], TokenizerFixtures.Encode(tokenizer, texts[i % 64], parseSpecial: true)));
    }
}
