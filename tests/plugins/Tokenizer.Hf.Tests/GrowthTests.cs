namespace Tessera.Tokenizer.Hf.Tests;

/// <summary>What a text costs grows as the text does. Work is counted in bytes allocated and in ids, never in time.</summary>
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
