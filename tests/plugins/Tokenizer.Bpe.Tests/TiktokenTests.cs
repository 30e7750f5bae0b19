using System.Text;
using Tessera.Tokenizer.Bpe.Tiktoken;

namespace Tessera.Tokenizer.Bpe.Tests;

public class TiktokenTests
{
    /// <summary>A rank file of all bytes, then further tokens.</summary>
    internal static byte[] Ranks(params string[] more) => Lines([.. Enumerable.Range(0, 256).Select(b => new[] { (byte)b }), .. more.Select(Encoding.UTF8.GetBytes)]);

    private static byte[] Lines(byte[][] tokens) => Encoding.ASCII.GetBytes(string.Concat(tokens.Select((t, rank) => $"{Convert.ToBase64String(t)} {rank}\n")));

    private static ITokenizer Create(string name, byte[] file, string? config = null)
    {
        Dictionary<string, byte[]> files = new() { [name] = file };
        if (config is not null)
            files["tokenizer_config.json"] = Encoding.UTF8.GetBytes(config);
        TokenizerAssets assets = new() { Model = "tiktoken", Tokens = [], Files = files };
        Assert.True(new TiktokenFactory().CanCreate(assets));
        return new TiktokenFactory().Create(assets);
    }

    private const string Qwen = """{"tokenizer_class": "QWenTokenizer", "eos_token": "<|endoftext|>"}""";
    private const string Kimi = """{"tokenizer_class": "TikTokenTokenizer", "added_tokens_decoder": {"260": {"content": "[BOS]", "special": true}, "262": {"content": "<|im_end|>", "special": true}}, "bos_token": "[BOS]"}""";

    [Fact]
    public void The_lowest_rank_merges_first_and_a_word_that_is_a_token_needs_no_merges()
    {
        ITokenizer tokenizer = Create("qwen.tiktoken", Ranks("bc", "ab", "abcd", " word", "aa"), Qwen);
        Assert.Equal(["a", "bc"], TinyBpe.Pieces(tokenizer, "abc"));
        Assert.Equal(["abcd"], TinyBpe.Pieces(tokenizer, "abcd"));
        Assert.Equal(["abcd", " word", "!"], TinyBpe.Pieces(tokenizer, "abcd word!"));
        Assert.Equal(["aa", "a"], TinyBpe.Pieces(tokenizer, "aaa"));
        Assert.Equal("é😀\0"u8, TokenizerFixtures.Decode(tokenizer, TokenizerFixtures.Encode(tokenizer, "é😀\0"), skipControl: false));
    }

    [Fact]
    public void Qwen_s_special_tokens_follow_the_ranks()
    {
        ITokenizer tokenizer = Create("qwen.tiktoken", Ranks("ab"), Qwen);
        Assert.Equal(257 + 208, tokenizer.VocabularySize);
        Assert.Equal([258, 'a', 259, 257], TokenizerFixtures.Encode(tokenizer, "<|im_start|>a<|im_end|><|endoftext|>", parseSpecial: true));
        Assert.Equal("<|extra_204|>"u8, tokenizer.Piece(464));
        Assert.Equal(257, tokenizer.Special(SpecialToken.Eos));
        Assert.DoesNotContain(258, TokenizerFixtures.Encode(tokenizer, "<|im_start|>"));
    }

    [Fact]
    public void Kimi_s_special_tokens_are_in_its_configuration_and_the_others_reserved()
    {
        ITokenizer tokenizer = Create("tiktoken.model", Ranks("ab", "中文"), Kimi);
        Assert.Equal(258 + 256, tokenizer.VocabularySize);
        Assert.Equal("<|reserved_token_259|>"u8, tokenizer.Piece(259));
        Assert.Equal([260, 257, 'a', 262], TokenizerFixtures.Encode(tokenizer, "[BOS]中文a<|im_end|>", parseSpecial: true));
        Assert.Equal((260, TokenKind.Control), (tokenizer.Special(SpecialToken.Bos)!.Value, tokenizer.Kind(262)));
    }

    [Fact]
    public void A_well_known_name_has_its_special_tokens()
    {
        byte[][] tokens = [.. Enumerable.Range(0, 256).Select(b => new[] { (byte)b }), .. Enumerable.Range(0, 100_000).Select(i => Encoding.ASCII.GetBytes($"~{i}~"))];
        ITokenizer tokenizer = Create("cl100k_base.tiktoken", Lines(tokens));
        Assert.Equal(100_277, tokenizer.VocabularySize);
        Assert.Equal([100_257, 'x', 100_276], TokenizerFixtures.Encode(tokenizer, "<|endoftext|>x<|endofprompt|>", parseSpecial: true));
        Assert.Contains(100_257, tokenizer.EndTokens);
        Assert.Equal(TokenKind.Unused, tokenizer.Kind(100_270));
        // The name promises far more ranks than there are: the ids would be those of another model.
        Assert.Contains("199999", Assert.Throws<ModelFormatException>(() => Create("o200k_base.tiktoken", Lines(tokens))).Message);
        Assert.Contains("50256", Assert.Throws<ModelFormatException>(() => Create("gpt2.tiktoken", Lines(tokens))).Message);
    }

    [Theory]
    [InlineData("mine.tiktoken", null, "gpt2, r50k_base, p50k_base, p50k_edit, cl100k_base, o200k_base, o200k_harmony")]
    [InlineData("mine.tiktoken", """{"tokenizer_class": "OtherTokenizer"}""", "'OtherTokenizer'")]
    [InlineData("mine.tiktoken", "{}", "QWenTokenizer and TikTokenTokenizer")]
    public void Without_a_known_name_or_class_the_file_is_refused_and_the_known_ones_are_named(string name, string? config, string says) =>
        Assert.Contains(says, Assert.Throws<UnsupportedModelException>(() => Create(name, Ranks("ab"), config)).Message);

    [Theory]
    [InlineData("YQ== 0\nYg== 1\nrest\n", "line 3")]
    [InlineData("YQ== 0\nYg== -1\n", "line 2")]
    [InlineData("YQ== 0\nY 1\n", "line 2")]
    [InlineData("YQ== 0\nYg== 0\n", "a second time")]
    [InlineData("YQ== 0\nYg== 2000000000\n", "2000000000")]
    [InlineData("YQ== 0\nYg== 1\n", "0x00")]
    public void A_broken_line_is_refused(string file, string says) =>
        Assert.Contains(says, Assert.Throws<ModelFormatException>(() => Create("qwen.tiktoken", Encoding.ASCII.GetBytes(file), Qwen)).Message);

    [Fact]
    public void A_role_that_is_no_token_is_refused() =>
        Assert.Contains("'<none>'", Assert.Throws<ModelFormatException>(() => Create("qwen.tiktoken", Ranks("ab"), """{"tokenizer_class": "QWenTokenizer", "pad_token": "<none>"}""")).Message);

    [Fact]
    public void Other_kinds_are_refused_by_name() =>
        Assert.Contains("'gpt2'", Assert.Throws<UnsupportedModelException>(() => new TiktokenFactory().Create(new TokenizerAssets { Model = "gpt2", Tokens = [] })).Message);
}
