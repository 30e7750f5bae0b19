namespace Tessera.Tokenizer.Hf.Tests;

public class RoleTests
{
    private static readonly string Model = TinyFile.Words("[UNK]", "a", "</s>", "<|x|>");
    private const string Bert = """{"type":"BertProcessing","sep":["a",1],"cls":["<|x|>",3]}""";

    [Fact]
    public void The_configuration_names_roles_as_strings_or_objects()
    {
        ITokenizer t = TokenizerFiles.Parse(TinyFile.File(Model), """{"bos_token":"<|x|>","eos_token":{"content":"a","lstrip":false},"pad_token":null,"mask_token":"nowhere"}""");
        Assert.Equal(3, t.Special(SpecialToken.Bos));
        Assert.Equal(1, t.Special(SpecialToken.Eos));
        Assert.Null(t.Special(SpecialToken.Padding));
        Assert.Null(t.Special(SpecialToken.Mask));
        Assert.Equal(0, t.Special(SpecialToken.Unknown));
        Assert.Equal([1], t.EndTokens);
        Assert.Equal(TokenKind.Unknown, t.Kind(0));
    }

    [Fact]
    public void Well_known_spellings_end_a_text_where_they_are_added_tokens()
    {
        Assert.Empty(TokenizerFiles.Parse(TinyFile.File(Model)).EndTokens);
        Assert.Equal([2, 9], TokenizerFiles.Parse(TinyFile.File(Model, null, null, null, null, TinyFile.Added(2, "</s>", "\"special\":true"), TinyFile.Added(9, "<|im_end|>", "\"special\":true"))).EndTokens);
    }

    [Fact]
    public void Tokens_around_a_text_have_roles_by_their_place()
    {
        ITokenizer t = TokenizerFiles.Parse(TinyFile.File(Model, post: Bert));
        Assert.Equal((3, 1), (t.Special(SpecialToken.Bos), t.Special(SpecialToken.Eos)));
        t = TokenizerFiles.Parse(TinyFile.File(Model, post: Bert), """{"cls_token":"<|x|>","sep_token":"a"}""");
        Assert.Equal((null, null), (t.Special(SpecialToken.Bos), t.Special(SpecialToken.Eos)));
        Assert.Equal((3, 1), (t.Special(SpecialToken.Classification), t.Special(SpecialToken.Separator)));
    }

    [Fact]
    public void The_configuration_adds_tokens_only_where_the_file_adds_none()
    {
        string config = """{"bos_token":"<|x|>","eos_token":"</s>","add_bos_token":true,"add_eos_token":true}""";
        Assert.Equal([3, 1, 2], TinyFile.Encode(TokenizerFiles.Parse(TinyFile.File(Model), config), "a", addSpecial: true));
        Assert.Equal([3, 1, 1], TinyFile.Encode(TokenizerFiles.Parse(TinyFile.File(Model, post: Bert), config), "a", addSpecial: true));
        Assert.Contains("add_bos_token", Assert.Throws<ModelFormatException>(() => TokenizerFiles.Parse(TinyFile.File(Model), """{"add_bos_token":true}""")).Message);
    }

    [Theory]
    // Classes that rebuild the post-processor from their flags: what is said counts, whatever the file has.
    [InlineData("LlamaTokenizer", "\"add_bos_token\":true,\"add_eos_token\":true", "3 1 2")]
    [InlineData("LlamaTokenizerFast", "\"add_bos_token\":false", "1")]
    [InlineData("CodeLlamaTokenizer", "\"add_bos_token\":false,\"add_eos_token\":true", "1 2")]
    [InlineData("GemmaTokenizerFast", "\"add_eos_token\":true", "3 1 2")]
    [InlineData("CohereTokenizerFast", "\"add_eos_token\":false", "3 1")]
    [InlineData("LlamaTokenizer", "\"add_bos_token\":null", "3 1 1")]
    [InlineData("LlamaTokenizer", "\"legacy\":false", "3 1 1")]
    [InlineData("Qwen2Tokenizer", "\"add_bos_token\":false,\"add_eos_token\":true", "3 1 1")]
    [InlineData("PreTrainedTokenizerFast", "\"add_bos_token\":false", "3 1 1")]
    public void Flags_override_the_file_where_the_class_rebuilds_it(string name, string flags, string expected)
    {
        ITokenizer t = TokenizerFiles.Parse(TinyFile.File(Model, post: Bert), $$"""{"tokenizer_class":"{{name}}","bos_token":"<|x|>","eos_token":"</s>",{{flags}}}""");
        Assert.Equal(expected, string.Join(' ', TinyFile.Encode(t, "a", addSpecial: true)));
    }

    [Fact]
    public void Flags_that_override_hold_for_pairs_too()
    {
        IPairTokenizer t = (IPairTokenizer)TokenizerFiles.Parse(TinyFile.File(Model, post: Bert), """{"tokenizer_class":"LlamaTokenizer","bos_token":"<|x|>","eos_token":"</s>","add_bos_token":true,"add_eos_token":true}""");
        List<int> ids = [], types = [];
        t.JoinPair([1], [0], ids, types);
        Assert.Equal([3, 1, 2, 3, 0, 2], ids);
        Assert.Equal([0, 0, 0, 1, 1, 1], types);
    }

    [Fact]
    public void The_weight_files_word_wins()
    {
        TokenizerAssets assets = new()
        {
            Model = "hf", Tokens = [], Special = new Dictionary<SpecialToken, int> { [SpecialToken.Eos] = 3 },
            Files = new Dictionary<string, byte[]> { ["tokenizer.json"] = System.Text.Encoding.UTF8.GetBytes(TinyFile.File(Model)) },
        };
        Assert.Equal([3], new HfFactory().Create(assets).EndTokens);
    }
}
