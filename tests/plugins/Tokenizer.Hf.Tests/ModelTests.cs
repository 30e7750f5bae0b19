namespace Tessera.Tokenizer.Hf.Tests;

public class ModelTests
{
    private const string Letters = """{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}""";

    [Fact]
    public void Bpe_merges_the_best_rank_first()
    {
        // "b c" outranks "a b", so abc is a + bc although ab is a token too.
        ITokenizer t = Bpe(["a", "b", "c", "bc", "ab"], ["b c", "a b"]);
        Assert.Equal([0, 3], TinyFile.Encode(t, "abc"));
        Assert.Equal([4, 4], TinyFile.Encode(t, "abab"));
    }

    [Fact]
    public void Merges_may_be_pairs()
    {
        ITokenizer t = TokenizerFiles.Parse(TinyFile.File("""{"type":"BPE","vocab":{"a":0," ":1,"a ":2},"merges":[["a"," "]]}"""));
        Assert.Equal([2, 0], TinyFile.Encode(t, "a a"));
    }

    [Fact]
    public void Of_two_equal_merges_the_last_counts()
    {
        // As the last but one, "a b" is better than "b c"; as the last, worse.
        Assert.Equal([0, 3], TinyFile.Encode(Bpe(["a", "b", "c", "bc", "ab"], ["a b", "b c", "a b"]), "abc"));
    }

    [Theory]
    [InlineData("", "axxb", "0 1")] // nothing stands for what is unknown
    [InlineData("\"unk_token\":\"<u>\"", "axxb", "0 2 2 1")]
    [InlineData("\"unk_token\":\"<u>\",\"fuse_unk\":true", "axxb", "0 2 1")]
    [InlineData("\"unk_token\":\"<u>\",\"byte_fallback\":true", "aéyb", "0 3 4 2 1")] // y has no byte token
    [InlineData("\"byte_fallback\":true", "é", "3 4")]
    public void Bpe_does_with_the_unknown_what_the_file_says(string more, string text, string expected) =>
        Assert.Equal(expected, Shown(Bpe(["a", "b", "<u>", "<0xC3>", "<0xA9>"], [], more), text));

    [Fact]
    public void Ignoring_merges_takes_whole_words_first()
    {
        string[] tokens = ["a", "b", "ab", "aba"];
        Assert.Equal("2 0", Shown(Bpe(tokens, ["a b"]), "aba"));
        Assert.Equal("3", Shown(Bpe(tokens, ["a b"], "\"ignore_merges\":true"), "aba"));
    }

    [Fact]
    public void Bpe_knows_prefixes_and_suffixes()
    {
        Assert.Equal("0 1 2", Shown(Bpe(["a", "##a", "##b"], [], "\"continuing_subword_prefix\":\"##\""), "aab"));
        Assert.Equal("3 2", Shown(Bpe(["a", "##a", "##b", "aa"], ["a ##a"], "\"continuing_subword_prefix\":\"##\""), "aab"));
        Assert.Equal("0 1", Shown(Bpe(["a", "b</w>", "b"], [], "\"end_of_word_suffix\":\"</w>\""), "ab"));
    }

    [Fact]
    public void Behind_a_byte_level_pre_tokenizer_bpe_merges_bytes()
    {
        ITokenizer t = TokenizerFiles.Parse(TinyFile.File(TinyFile.Bpe(["Ġ", "Ã", "©", "Ã©", "ĠÃ©"], ["Ã ©", "Ġ Ã©"]), pre: Letters, decoder: """{"type":"ByteLevel"}"""));
        Assert.Equal("4 3", Shown(t, " éé"));
        Assert.Equal(" é"u8.ToArray(), t.Piece(4).ToArray());
        Assert.Equal([0xA9], t.Piece(2).ToArray());
    }

    [Fact]
    public void Words_behind_marks_are_merged_as_the_whole_text_would_be()
    {
        // No merge crosses from a letter to a mark, so the text may be cut there; with "a ▁", it may not.
        string normalizer = """{"type":"Replace","pattern":{"String":" "},"content":"▁"}""";
        string[] tokens = ["a", "▁", "▁a", "▁▁", "a▁"];
        Assert.Equal("0 3 2 0 2", Shown(TokenizerFiles.Parse(TinyFile.File(TinyFile.Bpe(tokens, ["▁ ▁", "▁ a"]), normalizer)), "a   aa a"));
        Assert.Equal("4 4 0", Shown(TokenizerFiles.Parse(TinyFile.File(TinyFile.Bpe(tokens, ["a ▁", "▁ a"]), normalizer)), "a a a"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"unk_token\":\"<u>\"")]
    [InlineData("\"unk_token\":\"<u>\",\"fuse_unk\":true")]
    [InlineData("\"unk_token\":\"<u>\",\"fuse_unk\":true,\"byte_fallback\":true")]
    [InlineData("\"byte_fallback\":true", true)]
    public void A_text_cut_where_no_merge_crosses_is_merged_as_the_whole_text_is(string more, bool allBytes = false)
    {
        const string Alphabet = "abcé中▁\n";
        string[] bytes = ["<0xC3>", "<0xA9>", .. allBytes ? Enumerable.Range(0, 256).Select(b => $"<0x{b:X2}>").Where(b => b is not ("<0xC3>" or "<0xA9>")) : []];
        Random random = new(5);
        for (int round = 0; round < 60; round++)
        {
            // Some characters are unknown, some merges are of merges.
            List<string> tokens = ["<u>", .. bytes, .. Alphabet.Where(_ => random.Next(4) > 0).Select(c => c.ToString())];
            List<string> merges = [];
            for (int i = 0; i < 12; i++)
            {
                (string left, string right) = (tokens[random.Next(1 + bytes.Length, tokens.Count)], tokens[random.Next(1 + bytes.Length, tokens.Count)]);
                if (tokens.Contains(left + right))
                    continue;
                tokens.Add(left + right);
                merges.Add($"{left} {right}");
            }
            // No text has a Z. Merges with what stands for other text, or of a mark behind something else, forbid to cut.
            string[] joined = [.. new[] { "<u>", "<0xC3>", "▁" }.Where(tokens.Contains)];
            tokens.AddRange(["Z", .. joined.Select(t => "Z" + t)]);
            ITokenizer cut = Bpe([.. tokens], [.. merges], more), whole = Bpe([.. tokens], [.. merges, .. joined.Select(t => $"Z {t}")], more);
            for (int i = 0; i < 40; i++)
            {
                string text = new([.. Enumerable.Range(0, random.Next(1, 60)).Select(_ => Alphabet[random.Next(Alphabet.Length)])]);
                Assert.Equal(TinyFile.Encode(whole, text), TinyFile.Encode(cut, text));
            }
        }
    }

    [Fact]
    public void Unigram_takes_the_best_sum()
    {
        // ab + c = -3 beats a + bc = -3.5 and a + b + c = -6.
        ITokenizer t = Unigram("""["<unk>",0],["a",-2],["b",-2],["c",-2],["ab",-1],["bc",-1.5]""");
        Assert.Equal("4 3", Shown(t, "abc"));
    }

    [Fact]
    public void Unigram_joins_the_unknown_or_spells_it_in_bytes()
    {
        Assert.Equal("1 0 1", Shown(Unigram("""["<unk>",0],["a",-1]"""), "axya"));
        Assert.Equal("1 2 3 1", Shown(Unigram("""["<unk>",0],["a",-1],["<0xC3>",0],["<0xA9>",0]""", ",\"byte_fallback\":true"), "aéa"));
        // All bytes of the run must have tokens.
        Assert.Equal("0", Shown(Unigram("""["<unk>",0],["a",-1],["<0xC3>",0],["<0xA9>",0]""", ",\"byte_fallback\":true"), "éx"));
    }

    [Fact]
    public void Unigram_without_an_unknown_piece_says_what_is_missing()
    {
        ITokenizer t = TokenizerFiles.Parse(TinyFile.File("""{"type":"Unigram","unk_id":null,"vocab":[["a",-1]]}"""));
        Assert.Equal("0 0", Shown(t, "aa"));
        Assert.Contains("unk_id", Assert.Throws<TesseraException>(() => TinyFile.Encode(t, "ab")).Message);
    }

    [Fact]
    public void WordPiece_takes_the_longest_from_the_left()
    {
        ITokenizer t = WordPiece(["[UNK]", "un", "##aff", "##able", "##a", "u"], "");
        Assert.Equal("1 2 3", Shown(t, "unaffable"));
        // One part without a cover makes the whole word unknown.
        Assert.Equal("0", Shown(t, "unaffx"));
    }

    [Fact]
    public void WordPiece_gives_up_on_long_words()
    {
        string[] tokens = ["[UNK]", "😀", "##😀"];
        Assert.Equal("1 2 2", Shown(WordPiece(tokens, ",\"max_input_chars_per_word\":3"), "😀😀😀"));
        Assert.Equal("0", Shown(WordPiece(tokens, ",\"max_input_chars_per_word\":2"), "😀😀😀"));
    }

    [Fact]
    public void WordLevel_knows_whole_words()
    {
        ITokenizer t = TokenizerFiles.Parse(TinyFile.File(TinyFile.Words("[UNK]", "a", "bc"), pre: """{"type":"WhitespaceSplit"}"""));
        Assert.Equal("1 2 0", Shown(t, "a bc b"));
    }

    [Fact]
    public void A_model_without_a_type_is_told_by_its_fields()
    {
        Assert.Equal("1", Shown(TokenizerFiles.Parse(TinyFile.File("""{"vocab":[["<unk>",0],["a",-1]],"unk_id":0}""")), "a"));
        Assert.Equal("0", Shown(TokenizerFiles.Parse(TinyFile.File("""{"vocab":{"a":0},"merges":[]}""")), "a"));
        Assert.Equal("1", Shown(TokenizerFiles.Parse(TinyFile.File("""{"vocab":{"[UNK]":0,"a":1},"max_input_chars_per_word":9}""")), "a"));
    }

    private static ITokenizer Bpe(string[] tokens, string[] merges, string more = "") => TokenizerFiles.Parse(TinyFile.File(TinyFile.Bpe(tokens, merges, more)));

    private static ITokenizer Unigram(string pieces, string more = "") =>
        TokenizerFiles.Parse(TinyFile.File($$"""{"type":"Unigram","unk_id":0,"vocab":[{{pieces}}]{{more}}}"""));

    private static ITokenizer WordPiece(string[] tokens, string more) =>
        TokenizerFiles.Parse(TinyFile.File($$"""{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","vocab":{{TinyFile.Ids(tokens)}}{{more}}}"""));

    // Twice: the second time words are remembered.
    private static string Shown(ITokenizer tokenizer, string text)
    {
        int[] first = TinyFile.Encode(tokenizer, text);
        Assert.Equal(first, TinyFile.Encode(tokenizer, text));
        return string.Join(' ', first);
    }
}
