namespace Tessera.Tokenizer.Hf.Tests;

/// <summary>What a text costs grows as the text does. Nothing is timed: what would not end does not pass.</summary>
public class GrowthTests
{
    private const string Hostile = """{"type":"Split","pattern":{"Regex":"(?:a|aa)+b|(?:a+)+c|a(?=.*z)"},"behavior":"Isolated","invert":false}""";

    [Fact]
    public void A_pattern_that_would_backtrack_for_ever_ends()
    {
        ITokenizer t = TokenizerFiles.Parse(TinyFile.File(TinyFile.Words("?", "a"), pre: Hostile));
        Assert.Equal([0], TinyFile.Encode(t, new string('a', 100_000)));
    }

    [Fact]
    public void A_pattern_with_too_many_choices_for_a_long_text_is_refused_with_its_name()
    {
        string many = "(?:a|aa|" + string.Join('|', Enumerable.Range(1, 900).Select(i => $"a{{{1 + i % 9}}}x{i}")) + ")+y";
        ITokenizer t = TokenizerFiles.Parse(TinyFile.File(TinyFile.Words("?", "a"),
            pre: $$"""{"type":"Split","pattern":{"Regex":"{{many}}"},"behavior":"Isolated","invert":false}"""));
        Assert.Contains("pre_tokenizer.pattern", Assert.Throws<TesseraException>(() => TinyFile.Encode(t, new string('a', 200_000))).Message);
    }

    [Fact]
    public void Parts_that_blow_a_text_up_end_in_an_error()
    {
        string[] steps = [.. Enumerable.Repeat("""{"type":"Replace","pattern":{"String":"a"},"content":"aaaaaaaa"}""", 20)];
        ITokenizer t = TokenizerFiles.Parse(TinyFile.File(TinyFile.Words("?"), $$"""{"type":"Sequence","normalizers":[{{string.Join(',', steps)}}]}"""));
        Assert.Contains("normalizer", Assert.Throws<TesseraException>(() => TinyFile.Encode(t, "aaaa")).Message);

        steps = [.. Enumerable.Repeat("""{"type":"ByteLevel","use_regex":false}""", 100)];
        t = TokenizerFiles.Parse(TinyFile.File(TinyFile.Words("?"), pre: $$"""{"type":"Sequence","pretokenizers":[{{string.Join(',', steps)}}]}"""));
        Assert.Contains("pre_tokenizer", Assert.Throws<TesseraException>(() => TinyFile.Encode(t, "éé")).Message);

        steps = [.. Enumerable.Repeat("""{"type":"Replace","pattern":{"String":"a"},"content":"aaaaaaaa"}""", 20)];
        Assert.Contains("decoder", Assert.Throws<UnsupportedModelException>(() =>
            TokenizerFiles.Parse(TinyFile.File(TinyFile.Words("?", "a"), decoder: $$"""{"type":"Sequence","decoders":[{{string.Join(',', steps)}}]}"""))).Message);
    }

    [Fact]
    public void Many_added_tokens_that_the_model_has_too_are_read()
    {
        string[] words = [.. Enumerable.Range(0, 50_000).Select(i => $"w{i}")];
        string[] added = [.. words.Select((w, id) => TinyFile.Added(id, w)), TinyFile.Added(7, "w7", "\"special\":true")];
        ITokenizer t = TokenizerFiles.Parse(TinyFile.File(TinyFile.Words(words), added: added));
        Assert.Equal([7, 49_999], TinyFile.Encode(t, "w7w49999"));
        // Of two that are alike the first counts.
        Assert.Equal(TokenKind.UserDefined, t.Kind(7));
    }

    [Theory]
    [InlineData("normalizer", "normalizers", "NFC")]
    [InlineData("pre_tokenizer", "pretokenizers", "Digits")]
    [InlineData("decoder", "decoders", "Fuse")]
    public void A_pipeline_has_so_many_parts_and_no_more(string name, string list, string type)
    {
        string row = $$"""{"type":"Sequence","{{list}}":[{{string.Join(',', Enumerable.Repeat("{\"type\":\"" + type + "\"}", 300))}}]}""";
        // The row itself counts too.
        string json = $$$"""{"model":{{{TinyFile.Words("?")}}},"{{{name}}}":{{{row}}} }""";
        Assert.Contains($"{name}.{list}[255]", Assert.Throws<UnsupportedModelException>(() => TokenizerFiles.Parse(json)).Message);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("a ")]
    [InlineData("\u0301")]
    [InlineData("<x>")]
    [InlineData("▁")]
    public void A_megabyte_of_anything_is_encoded(string unit)
    {
        string text = string.Concat(Enumerable.Repeat(unit, 1_000_000 / unit.Length));
        string bpe = TinyFile.Bpe(["a", "▁", "aa", "▁a", "▁▁", "<", "x", ">", "\u0301", "aaaa"], ["a a", "▁ a", "▁ ▁", "aa aa"]);
        string normalizer = """{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}""";
        string json = TinyFile.File(bpe, normalizer, null, null, """{"type":"Fuse"}""", TinyFile.Added(20, "<x>", "\"single_word\":true,\"normalized\":true"));
        int[] ids = TinyFile.Encode(TokenizerFiles.Parse(json), text);
        Assert.InRange(ids.Length, 100_000, 1_000_001);
    }
}
