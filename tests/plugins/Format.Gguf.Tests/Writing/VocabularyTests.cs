using System.Text;
using System.Text.Json.Nodes;
using Tessera.Abstractions;
using Tessera.Abstractions.Tokenizers;

namespace Tessera.Format.Gguf.Tests.Writing;

/// <summary>A tokenizer.json in GGUF's terms.</summary>
public sealed class VocabularyTests
{
    private const string Word = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string ByteLevel = """{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}""";
    private const string Template = """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"special_tokens":{}}""";

    [Fact]
    public void Byte_level_BPE_is_gpt2_with_merges_kinds_and_roles()
    {
        string json = File(vocab: """{"a":0,"b":1,"ab":2}""", merges: """["a b"]""", pre: Sequence(Split(Word), ByteLevel), added: """[{"id":3,"content":"<s>","special":true},{"id":4,"content":"<tool>","special":false}]""", post: Template);
        TokenizerAssets read = Written(WrittenModel.Hf(json, """{"bos_token":"<s>","eos_token":{"content":"<tool>"},"add_bos_token":false}""", ends: [3, 4]));
        Assert.Equal(("gpt2", "qwen2"), (read.Model, read.PreTokenizer));
        Assert.Equal(["a", "b", "ab", "<s>", "<tool>", "[PAD5]"], read.Tokens.Select(Encoding.UTF8.GetString));
        Assert.Equal([TokenKind.Normal, TokenKind.Normal, TokenKind.Normal, TokenKind.Control, TokenKind.UserDefined, TokenKind.Unused], read.Kinds);
        Assert.Equal(["a b"], read.Merges);
        Assert.Empty(read.Scores);
        Assert.Equal((3, 4, 3), (read.Special[SpecialToken.Bos], read.Special[SpecialToken.Eos], read.Special[SpecialToken.Eot]));
        Assert.Equal((true, false, null), (read.AddBos, read.AddEos, read.AddSep));
    }

    [Fact]
    public void Sentence_pieces_are_llama_with_scores_by_merge()
    {
        string json = File(
            vocab: """{"<unk>":0,"<0x41>":1,"▁":2,"a":3,"▁a":4,"aa":5}""", merges: """[["a","a"],["▁","a"]]""", pre: "null", added: """[{"id":0,"content":"<unk>","special":true}]""", post: "null",
            normalizer: """{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}""", more: ",\"unk_token\":\"<unk>\",\"byte_fallback\":true");
        TokenizerAssets read = Written(WrittenModel.Hf(json, """{"unk_token":"<unk>","add_bos_token":true,"bos_token":"a"}"""));
        Assert.Equal(("llama", true, true), (read.Model, read.AddSpacePrefix, read.AddBos));
        Assert.Equal([TokenKind.Unknown, TokenKind.Byte, TokenKind.Normal, TokenKind.Normal, TokenKind.Normal, TokenKind.Normal], read.Kinds);
        Assert.Equal([0, 0, -2, -2, -1, 0], read.Scores);
        Assert.Empty(read.Merges);
    }

    [Theory]
    [InlineData("null", true, true)]
    [InlineData("false", true, false)]
    public void WordPiece_is_bert_with_marks_where_words_start(string accents, bool lowers, bool strips)
    {
        string json = $$$"""
            {"normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":{{{accents}}},"lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},
             "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}}],
             "pair":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}},{"Sequence":{"id":"B","type_id":1}},{"SpecialToken":{"id":"[SEP]","type_id":1}}],"special_tokens":{}},
             "added_tokens":[{"id":1,"content":"[CLS]","special":true},{"id":2,"content":"[SEP]","special":true}],
             "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2,"a":3,"##b":4} } }
            """;
        TokenizerAssets read = Written(WrittenModel.Hf(json));
        Assert.Equal("bert", read.Model);
        Assert.Equal(["[UNK]", "[CLS]", "[SEP]", "▁a", "b", "[PAD5]"], read.Tokens.Select(Encoding.UTF8.GetString));
        Assert.Equal([TokenKind.Unknown, TokenKind.Control, TokenKind.Control, TokenKind.Normal, TokenKind.Normal, TokenKind.Unused], read.Kinds);
        Assert.Equal((0, 1, 2), (read.Special[SpecialToken.Unknown], read.Special[SpecialToken.Classification], read.Special[SpecialToken.Separator]));
        Assert.Equal((true, true, lowers, strips), (read.AddBos, read.AddEos, read.Lowercase, read.StripAccents));
        // llama.cpp's own are bert-base's, and two separators.
        Assert.Equal((1, false), (read.Special[SpecialToken.Bos], read.AddSep));
        Refuses<UnsupportedModelException>(json.Replace("\"clean_text\":true", "\"clean_text\":false", StringComparison.Ordinal), "normalizer", "BertNormalizer");
        Refuses<UnsupportedModelException>(json.Replace("BertPreTokenizer", "Whitespace", StringComparison.Ordinal), "pre_tokenizer", "Whitespace");
        Refuses<UnsupportedModelException>(json.Replace("\"##\"", "\"@@\"", StringComparison.Ordinal), "continuing_subword_prefix");
    }

    [Fact]
    public void A_unigram_is_t5_with_its_scores_and_its_map()
    {
        const string Json = """
            {"normalizer":{"type":"Precompiled","precompiled_charsmap":"AQID"},"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Metaspace","replacement":"▁","prepend_scheme":"always"}]},
             "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}}],
             "pair":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}},{"Sequence":{"id":"B","type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}}],"special_tokens":{}},
             "added_tokens":[{"id":0,"content":"<s>","special":true},{"id":1,"content":"</s>","special":true},{"id":4,"content":"<mask>","special":true,"lstrip":true}],
             "model":{"type":"Unigram","unk_id":2,"byte_fallback":false,"vocab":[["<s>",0.0],["</s>",0.0],["<unk>",0.0],["▁a",-1.5]]} }
            """;
        TokenizerAssets read = Written(WrittenModel.Hf(Json, """{"bos_token":"<s>","eos_token":"</s>","mask_token":"<mask>"}"""));
        Assert.Equal("t5", read.Model);
        Assert.Equal(["<s>", "</s>", "<unk>", "▁a", "<mask>", "[PAD5]"], read.Tokens.Select(Encoding.UTF8.GetString));
        Assert.Equal([TokenKind.Control, TokenKind.Control, TokenKind.Unknown, TokenKind.Normal, TokenKind.Control, TokenKind.Unused], read.Kinds);
        Assert.Equal(-1.5f, read.Scores[3]);
        Assert.Equal([1, 2, 3], read.PrecompiledCharsMap);
        Assert.Equal((true, true, true, true, true), (read.AddBos, read.AddEos, read.AddSep, read.AddSpacePrefix, read.RemoveExtraWhitespaces));
        Assert.Equal((0, 1, 2, 4), (read.Special[SpecialToken.Bos], read.Special[SpecialToken.Eos], read.Special[SpecialToken.Unknown], read.Special[SpecialToken.Mask]));
        Refuses<UnsupportedModelException>(Json.Replace("\"Precompiled\"", "\"Lowercase\"", StringComparison.Ordinal), "normalizer", "Lowercase");
        Refuses<UnsupportedModelException>(Json.Replace("\"always\"", "\"never\"", StringComparison.Ordinal), "pre_tokenizer", "Metaspace");
        Refuses<ModelFormatException>(Json.Replace("-1.5", "\"x\"", StringComparison.Ordinal), "vocab[3]", "a number");
        Refuses<ModelFormatException>(Json.Replace("AQID", "A", StringComparison.Ordinal), "precompiled_charsmap", "base 64");
    }

    [Fact]
    public void The_configuration_s_added_tokens_are_written_too()
    {
        string json = File("""{"a":0,"b":1}""", "[]", ByteLevel.Replace("false}", "true}", StringComparison.Ordinal), added: """[{"id":2,"content":"<x>","special":false}]""");
        TokenizerAssets read = Written(WrittenModel.Hf(json, """{"added_tokens_decoder":{"2":{"content":"<x>","special":true},"3":{"content":"<y>","special":true},"1":{"content":"taken"},"9":{"content":"b"}}}"""));
        Assert.Equal(["a", "b", "<x>", "<y>", "[PAD4]", "[PAD5]"], read.Tokens.Select(Encoding.UTF8.GetString));
        Assert.Equal([TokenKind.Normal, TokenKind.UserDefined, TokenKind.Control, TokenKind.Control], read.Kinds.Take(4));
        RefusesWith<ModelFormatException>(json, """{"added_tokens_decoder":{"x":{"content":"<y>"}}}""", "added_tokens_decoder", "a token id");
    }

    [Theory]
    [InlineData("LlamaTokenizer", "\"add_bos_token\":false", false, false)]
    [InlineData("LlamaTokenizerFast", "\"add_eos_token\":true", true, true)]
    [InlineData("GemmaTokenizer", "\"add_bos_token\":false,\"add_eos_token\":true", false, true)]
    [InlineData("GPT2Tokenizer", "\"add_bos_token\":false", true, false)]
    public void Flags_override_the_file_where_the_class_rebuilds_it(string name, string flags, bool bos, bool eos)
    {
        string json = File("""{"a":0,"b":1}""", "[]", "null", added: """[{"id":2,"content":"<s>","special":true}]""", post: Template);
        TokenizerAssets read = Written(WrittenModel.Hf(json, $$"""{"tokenizer_class":"{{name}}","bos_token":"<s>","eos_token":"b",{{flags}}}"""));
        Assert.Equal((bos, eos), (read.AddBos, read.AddEos));
    }

    [Theory]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":false}""", true)]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"never","split":false}""", false)]
    [InlineData("""{"type":"Metaspace","replacement":"▁","add_prefix_space":true}""", true)]
    [InlineData("""{"type":"Split","pattern":{"String":" "},"behavior":"MergedWithPrevious","invert":false}""", false)]
    public void A_space_goes_in_front_as_the_file_says(string pre, bool inFront) =>
        Assert.Equal(inFront, Written(WrittenModel.Hf(File("""{"a":0}""", "[]", pre))).AddSpacePrefix);

    [Theory]
    [InlineData("gpt-2", false, false, """{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}""")]
    [InlineData("smollm", false, false, """{"type":"Digits","individual_digits":true}""", """{"type":"ByteLevel","add_prefix_space":false}""")]
    [InlineData("starcoder", false, true, """{"type":"Digits","individual_digits":true}""", """{"type":"ByteLevel","add_prefix_space":false}""")]
    [InlineData("llama-bpe", true, true, "3", ByteLevel)]
    [InlineData("smaug-bpe", false, true, "3", ByteLevel)]
    [InlineData("qwen2", false, false, "1", ByteLevel)]
    [InlineData("stablelm2", false, true, "1", ByteLevel)]
    public void A_pre_tokenizer_has_the_name_of_its_definition(string name, bool wholeWords, bool cleans, params string[] steps)
    {
        string[] parts = [.. steps.Select(s => s switch { "1" => Split(Word), "3" => Split(Word.Replace(@"\p{N}| ?", @"\p{N}{1,3}| ?", StringComparison.Ordinal)), _ => s })];
        string json = File("""{"a":0}""", "[]", Sequence(parts), more: wholeWords ? ",\"ignore_merges\":true" : "");
        Assert.Equal(name, Written(WrittenModel.Hf(json, cleans ? """{"clean_up_tokenization_spaces":true}""" : null)).PreTokenizer);
    }

    [Fact]
    public void What_GGUF_cannot_say_is_refused_by_name()
    {
        Refuses<UnsupportedModelException>(File("""{"a":0}""", "[]", Sequence(Split("x+"), ByteLevel)), "pre_tokenizer", "'x+'");
        Refuses<UnsupportedModelException>(File("""{"a":0}""", "[]", """{"type":"ByteLevel"}"""), "add_prefix_space");
        Refuses<UnsupportedModelException>(File("""{"a":0}""", "[]", Sequence(Split(Word), ByteLevel), normalizer: """{"type":"Lowercase"}"""), "normalizer", "Lowercase");
        Refuses<UnsupportedModelException>(File("""{"a":0}""", "[]", "null", normalizer: """{"type":"NFKC"}"""), "normalizer", "NFKC");
        Refuses<UnsupportedModelException>(File("""{"a":0}""", "[]", """{"type":"WhitespaceSplit"}"""), "pre_tokenizer", "WhitespaceSplit");
        Refuses<UnsupportedModelException>("""{"model":{"type":"WordLevel","vocab":{"a":0}}}""", "model", "WordLevel");
        Refuses<ModelFormatException>("""{"model":{"type":"BPE","vocab":{"a":-1},"merges":[]}}""", "vocab", "'a'", "-1");
        Refuses<ModelFormatException>("""{"model":{"type":"BPE","vocab":{"a":0,"b":9000000},"merges":[]}}""", "vocabulary without large holes", "9000000");
        Refuses<ModelFormatException>("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[["a"]]}}""", "merges[0]", "two tokens");
        Refuses<ModelFormatException>("""{"model":{"type":"BPE","vocab":[],"merges":[]}}""", "vocab");
        Refuses<ModelFormatException>("[]", "tokenizer.json", "an object");
        Refuses<ModelFormatException>("{", "tokenizer.json");
        Refuses<ModelFormatException>(File("""{"a":0,"b":1,"c":2,"d":3,"e":4,"f":5,"g":6}""", "[]", "null"), "at most 6 tokens", "7");
        using WrittenModel other = new() { Tokenizer = new TokenizerAssets { Model = "tiktoken", Tokens = [], Files = new Dictionary<string, byte[]> { ["x.tiktoken"] = [1] } } };
        Assert.Contains("tiktoken", Assert.Throws<UnsupportedModelException>(() => other.Plan()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_that_llama_cpp_wants_are_there_without_merges_and_without_a_tokenizer()
    {
        using WrittenModel bytes = new() { Tokenizer = WrittenModel.Hf(File("""{"a":0}""", "[]", ByteLevel.Replace("false}", "true}", StringComparison.Ordinal))) }, none = new();
        WrittenModel.Read(bytes.Plan(), source => Assert.Contains("tokenizer.ggml.merges", source.Properties.Keys));
        WritePlan plan = none.Plan();
        Assert.Contains(plan.Notes, n => n.Contains("no tokenizer", StringComparison.Ordinal));
        WrittenModel.Read(plan, source =>
        {
            Assert.Equal("no_vocab", source.Properties["tokenizer.ggml.model"]);
            Assert.Null(source.Tokenizer);
        });
    }

    [Fact]
    public void Tokens_around_a_text_that_are_no_BOS_are_told()
    {
        using WrittenModel model = new() { Tokenizer = WrittenModel.Hf(File("""{"a":0}""", "[]", "null", added: """[{"id":1,"content":"<s>","special":true}]""", post: Template), """{"bos_token":"a"}""") };
        Assert.Contains(model.Plan().Notes, n => n.Contains("<s> …", StringComparison.Ordinal));
    }

    private static TokenizerAssets Written(TokenizerAssets assets)
    {
        using WrittenModel model = new() { Tokenizer = assets };
        TokenizerAssets? read = null;
        WrittenModel.Read(model.Plan(), source => read = source.Tokenizer);
        return read!;
    }

    private static void Refuses<T>(string json, params string[] named) where T : TesseraException => RefusesWith<T>(json, null, named);

    private static void RefusesWith<T>(string json, string? config, params string[] named) where T : TesseraException
    {
        using WrittenModel model = new() { Tokenizer = WrittenModel.Hf(json, config) };
        T error = Assert.Throws<T>(() => model.Plan());
        Assert.All(named, n => Assert.Contains(n, error.Message, StringComparison.Ordinal));
    }

    private static string Split(string pattern) => $$"""{"type":"Split","pattern":{"Regex":{{JsonValue.Create(pattern).ToJsonString()}}},"behavior":"Isolated","invert":false}""";

    private static string Sequence(params string[] steps) => $$"""{"type":"Sequence","pretokenizers":[{{string.Join(',', steps)}}]}""";

    private static string File(string vocab, string merges, string pre, string added = "[]", string post = "null", string normalizer = "null", string more = "") =>
        $$"""{"normalizer":{{normalizer}},"pre_tokenizer":{{pre}},"post_processor":{{post}},"added_tokens":{{added}},"model":{"type":"BPE","vocab":{{vocab}},"merges":{{merges}}{{more}} } }""";
}
