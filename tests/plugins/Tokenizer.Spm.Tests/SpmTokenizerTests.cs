using System.Text;

namespace Tessera.Tokenizer.Spm.Tests;

public class SpmTokenizerTests
{
    private static readonly (string Spelling, float Score, TokenKind Kind)[] Base =
    [
        ("<unk>", 0, TokenKind.Unknown), ("<s>", 0, TokenKind.Control), ("</s>", 0, TokenKind.Control),
        ("▁", -9, TokenKind.Normal), ("a", -9, TokenKind.Normal), ("b", -9, TokenKind.Normal), ("c", -9, TokenKind.Normal),
        ("bc", -1, TokenKind.Normal), ("ab", -2, TokenKind.Normal), ("aa", -3, TokenKind.Normal), ("▁a", -4, TokenKind.Normal), ("abc", -5, TokenKind.Normal),
    ];

    private static readonly (string, float, TokenKind)[] Bytes = [.. Enumerable.Range(0, 256).Select(b => ($"<0x{b:X2}>", 0f, TokenKind.Byte))];

    private static TokenizerAssets Assets(IEnumerable<(string Spelling, float Score, TokenKind Kind)> tokens, bool? addBos = null, bool? addEos = null,
        bool? addSpace = null, Dictionary<SpecialToken, int>? special = null) => new()
        {
            Model = "llama",
            Tokens = [.. tokens.Select(t => Encoding.UTF8.GetBytes(t.Spelling))],
            Scores = [.. tokens.Select(t => t.Score)],
            Kinds = [.. tokens.Select(t => t.Kind)],
            AddBos = addBos,
            AddEos = addEos,
            AddSpacePrefix = addSpace,
            Special = special ?? [],
        };

    private static ITokenizer Create(TokenizerAssets assets) => new SpmFactory().Create(assets);

    private static ITokenizer Plain(params (string, float, TokenKind)[] more) => Create(Assets([.. Base, .. more], addSpace: false));

    private static string Pieces(ITokenizer tokenizer, string text, bool addSpecial = false, bool parseSpecial = false, params int[] breaks) =>
        string.Join('|', TokenizerFixtures.Encode(tokenizer, text, addSpecial, parseSpecial, breaks).Select(id => Encoding.UTF8.GetString(tokenizer.Piece(id))));

    [Theory]
    [InlineData("abc", "abc")]
    [InlineData("aabc", "aa|bc")]
    [InlineData("aaab", "aa|ab")]
    [InlineData("aaa", "aa|a")]
    [InlineData(" ab", " |ab")]
    [InlineData("c a", "c| a")]
    public void The_highest_score_merges_first_and_equal_ones_from_the_left(string text, string pieces) => Assert.Equal(pieces, Pieces(Plain(), text));

    [Fact]
    public void Positive_zero_and_negative_scores_keep_their_order()
    {
        ITokenizer tokenizer = Plain(("xy", 0.5f, TokenKind.Normal), ("yz", 2, TokenKind.Normal), ("pq", -0f, TokenKind.Normal), ("qp", 0, TokenKind.Normal),
            ("x", 0, TokenKind.Normal), ("z", 0, TokenKind.Normal), ("p", 0, TokenKind.Normal));
        Assert.Equal("x|yz|pq|p", Pieces(tokenizer, "xyzpqp"));
    }

    [Fact]
    public void A_space_is_put_in_front_of_the_text_and_after_each_special_token()
    {
        Assert.Equal(" a|<s>| a|b|</s>", Pieces(Create(Assets(Base.Where(t => t.Spelling != "ab"))), "a<s>ab</s>", parseSpecial: true));
        Assert.Equal("", Pieces(Create(Assets(Base)), ""));
    }

    [Fact]
    public void BOS_is_added_by_default_and_EOS_where_the_file_says_so()
    {
        Assert.Equal("<s>|abc", Pieces(Create(Assets(Base, addSpace: false)), "abc", addSpecial: true));
        Assert.Equal("abc|</s>", Pieces(Create(Assets(Base, false, true, false)), "abc", addSpecial: true));
        Assert.Contains("BOS", Assert.Throws<ModelFormatException>(() => Create(Assets(Base.Take(1)))).Message);
    }

    [Fact]
    public void What_the_vocabulary_lacks_is_spelled_in_bytes()
    {
        ITokenizer tokenizer = Plain(Bytes);
        int[] ids = TokenizerFixtures.Encode(tokenizer, "aé\n😀\uD800");
        Assert.Equal([4, 12 + 0xC3, 12 + 0xA9, 12 + 0x0A, 12 + 0xF0, 12 + 0x9F, 12 + 0x98, 12 + 0x80, 12 + 0xEF, 12 + 0xBF, 12 + 0xBD], ids);
        Assert.Equal("aé\n😀\uFFFD"u8, TokenizerFixtures.Decode(tokenizer, ids, skipControl: true));
    }

    [Fact]
    public void Without_byte_tokens_a_run_becomes_one_unknown_token() =>
        Assert.Equal("a|<unk>|b|<unk>", Pieces(Plain(), "aéxyb\n"));

    [Fact]
    public void Control_unknown_and_byte_tokens_are_no_text()
    {
        ITokenizer tokenizer = Plain(Bytes);
        Assert.DoesNotContain(1, TokenizerFixtures.Encode(tokenizer, "<s>"));
        Assert.DoesNotContain(0, TokenizerFixtures.Encode(tokenizer, "<unk>"));
        Assert.Equal(12 + '<', TokenizerFixtures.Encode(tokenizer, "<0x41>", parseSpecial: true)[0]);
        Assert.Equal([4, 1], TokenizerFixtures.Encode(tokenizer, "a<s>", parseSpecial: true));
        Assert.DoesNotContain(1, TokenizerFixtures.Encode(tokenizer, "a<s>", parseSpecial: true, breaks: 2));
    }

    [Fact]
    public void A_decoder_takes_back_the_space_in_front_of_the_text()
    {
        ITokenizer tokenizer = Create(Assets(Base));
        int[] ids = TokenizerFixtures.Encode(tokenizer, "a a", addSpecial: true);
        Assert.Equal("<s> a a"u8, TokenizerFixtures.Decode(tokenizer, ids, skipControl: false));
        Assert.Equal("a a"u8, TokenizerFixtures.Decode(tokenizer, ids, skipControl: true));
        Assert.Equal("a a"u8, TokenizerFixtures.Decode(tokenizer, ids.AsSpan(1), skipControl: false));
    }

    [Fact]
    public void A_text_cut_where_no_token_crosses_is_merged_as_the_whole_text_is()
    {
        const string Alphabet = "abcé中\n ";
        // All pairs of characters stand side by side in this token, which no text becomes: with it there is no place to cut.
        string joined = "Z" + string.Concat(Alphabet.SelectMany(a => Alphabet.Select(b => $"{a}{b}"))).Replace(' ', '▁') + "Z";
        Random random = new(4);
        for (int round = 0; round < 60; round++)
        {
            List<(string Spelling, float Score, TokenKind Kind)> tokens = [.. Base[..3]];
            // Without byte tokens what has no token is unknown, a run of it once.
            if (round % 2 == 0)
                tokens.AddRange(Bytes);
            for (int i = 0; i < 40; i++)
            {
                string spelling = new([.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => Alphabet[random.Next(Alphabet.Length)])]);
                if (tokens.All(t => t.Spelling != spelling.Replace(' ', '▁')))
                    tokens.Add((spelling.Replace(' ', '▁'), -random.Next(12), TokenKind.Normal));
            }
            ITokenizer cut = Create(Assets(tokens, addSpace: false)), whole = Create(Assets([.. tokens, (joined, 0, TokenKind.Normal)], addSpace: false));
            for (int i = 0; i < 40; i++)
            {
                string text = new([.. Enumerable.Range(0, random.Next(1, 200)).Select(_ => Alphabet[random.Next(Alphabet.Length)])]);
                Assert.Equal(TokenizerFixtures.Encode(whole, text), TokenizerFixtures.Encode(cut, text));
            }
        }
    }

    [Fact]
    public void A_long_word_without_spaces_is_encoded_whole()
    {
        ITokenizer tokenizer = Plain(("aaaa", -4, TokenKind.Normal), ("aaaaaaaa", -5, TokenKind.Normal));
        Assert.Equal(12_501, TokenizerFixtures.Encode(tokenizer, new string('a', 100_001)).Length);
    }

    [Fact]
    public void A_token_may_hold_a_space_inside()
    {
        (string, float, TokenKind)[] more = [("b▁", -1, TokenKind.Normal), ("b▁c", -1, TokenKind.Normal), ("▁▁", -3, TokenKind.Normal)];
        Assert.Equal("a|b c|  |c", Pieces(Plain(more), "ab c  c"));
        Assert.Equal("ab| |c|  |c", Pieces(Plain(more[2..]), "ab c  c"));
    }

    [Fact]
    public void Scores_are_required_and_must_be_numbers()
    {
        TokenizerAssets none = new() { Model = "llama", Tokens = Assets(Base).Tokens };
        Assert.Contains("scores", Assert.Throws<ModelFormatException>(() => Create(none)).Message);
        Assert.Contains("token 12", Assert.Throws<ModelFormatException>(() => Plain(("x", float.NaN, TokenKind.Normal))).Message);
    }

    [Fact]
    public void A_byte_token_that_spells_no_byte_is_refused() =>
        Assert.Contains("byte token 12", Assert.Throws<ModelFormatException>(() => Plain(("<0xZZ>", 0, TokenKind.Byte))).Message);

    [Theory]
    [InlineData("rwkv")]
    [InlineData("gpt2")]
    public void Other_kinds_are_refused_by_name(string model)
    {
        TokenizerAssets assets = new() { Model = model, Tokens = [[1]] };
        Assert.False(new SpmFactory().CanCreate(assets));
        Assert.Contains($"'{model}'", Assert.Throws<UnsupportedModelException>(() => Create(assets)).Message);
    }

    [Fact]
    public void Encoding_and_decoding_allocate_nothing_once_warm()
    {
        ITokenizer tokenizer = Create(Assets([.. Base, .. Bytes]));
        string text = string.Concat(Enumerable.Repeat("abc aab <s>é😀\n", 50));
        List<int> ids = new(10_000);
        ITokenDecoder decoder = tokenizer.CreateDecoder(true);
        byte[] buffer = new byte[decoder.MaxBytes];
        void Run()
        {
            ids.Clear();
            tokenizer.Encode(text, new EncodeOptions { AddSpecial = true, ParseSpecial = true }, ids);
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
        ITokenizer tokenizer = Create(Assets([.. Base, .. Bytes]));
        string[] texts = [.. Enumerable.Range(1, 64).Select(i => string.Concat(Enumerable.Repeat($"abc aab{i}<s>é ", i)))];
        int[][] expected = [.. texts.Select(t => TokenizerFixtures.Encode(tokenizer, t, parseSpecial: true))];
        Parallel.For(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
            Assert.Equal(expected[i % 64], TokenizerFixtures.Encode(tokenizer, texts[i % 64], parseSpecial: true)));
    }
}
