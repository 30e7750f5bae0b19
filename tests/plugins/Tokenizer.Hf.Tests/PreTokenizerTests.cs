namespace Tessera.Tokenizer.Hf.Tests;

public class PreTokenizerTests
{
    [Theory]
    [InlineData("""{"type":"ByteLevel","add_prefix_space":true,"use_regex":true}""", "it's é", "Ġit|'s|ĠÃ©")]
    [InlineData("""{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}""", "a b", "aĠb")]
    [InlineData("""{"type":"ByteLevel","add_prefix_space":true,"use_regex":false}""", " a", "Ġa")]
    [InlineData("""{"type":"Whitespace"}""", "a_b1, c\u200Dd  !?", "a_b1|,|c\u200Dd|!?")]
    [InlineData("""{"type":"WhitespaceSplit"}""", " a,b\u3000 c ", "a,b|c")]
    [InlineData("""{"type":"BertPreTokenizer"}""", "a+b c…", "a|+|b|c|…")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}""", "a  b", "▁a|▁|▁b")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}""", " a", "▁a")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"never","split":true}""", "a b", "a|▁b")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":false}""", "a b", "▁a▁b")]
    [InlineData("""{"type":"Metaspace","replacement":"_","add_prefix_space":true}""", "a b", "_a|_b")]
    [InlineData("""{"type":"Metaspace","replacement":"_","add_prefix_space":false}""", "a b", "a|_b")]
    [InlineData("""{"type":"CharDelimiterSplit","delimiter":"-"}""", "a-b--c", "a|b|c")]
    [InlineData("""{"type":"Punctuation"}""", "a!?b$", "a|!|?|b|$")]
    [InlineData("""{"type":"Punctuation","behavior":"Contiguous"}""", "a!?b", "a|!?|b")]
    [InlineData("""{"type":"Digits","individual_digits":true}""", "a12½", "a|1|2|½")]
    [InlineData("""{"type":"Digits","individual_digits":false}""", "a12b", "a|12|b")]
    // Kana count as Han; a space belongs to any script; Common is one.
    [InlineData("""{"type":"UnicodeScripts"}""", "ab cdどうЖ。", "ab cd|どう|Ж|。")]
    [InlineData("""{"type":"UnicodeScripts"}""", " a", "a")]
    [InlineData("""{"type":"UnicodeScripts"}""", "カー漢", "カー漢")]
    [InlineData("""{"type":"FixedLength","length":2}""", "abcd😀", "ab|cd|😀")]
    [InlineData("""{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Digits","individual_digits":true}]}""", "a1 22", "a|1|2|2")]
    // Only what stands at the text's beginning is first.
    [InlineData("""{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Metaspace","prepend_scheme":"first"}]}""", "a b", "▁a|b")]
    [InlineData("""{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Metaspace","prepend_scheme":"first"}]}""", " a b", "a|b")]
    public void A_pre_tokenizer_cuts_as_defined(string json, string text, string expected) =>
        Assert.Equal(expected, string.Join('|', TinyFile.Split(json, text)));

    [Theory]
    [InlineData("Removed", false, "a|b|c")]
    [InlineData("Isolated", false, "a|--|b|-|c")]
    [InlineData("MergedWithPrevious", false, "a--|b-|c")]
    [InlineData("MergedWithNext", false, "a|--b|-c")]
    [InlineData("Contiguous", false, "a|--|b|-|c")]
    [InlineData("Removed", true, "--|-")]
    [InlineData("Isolated", true, "a|--|b|-|c")]
    [InlineData("MergedWithPrevious", true, "a|--b|-c")]
    [InlineData("MergedWithNext", true, "a--|b-|c")]
    public void A_split_does_with_its_matches_what_it_says(string behavior, bool invert, string expected)
    {
        string json = $$"""{"type":"Split","pattern":{"Regex":"-+"},"behavior":"{{behavior}}","invert":{{(invert ? "true" : "false")}}}""";
        Assert.Equal(expected, string.Join('|', TinyFile.Split(json, "a--b-c")));
    }

    [Theory]
    // Two matches that touch: each is one, and a contiguous split joins them.
    [InlineData("MergedWithPrevious", "a-|-|b")]
    [InlineData("MergedWithNext", "a|-|-b")]
    [InlineData("Contiguous", "a|--|b")]
    public void Matches_that_touch_are_told_apart(string behavior, string expected) =>
        Assert.Equal(expected, string.Join('|', TinyFile.Split($$"""{"type":"Split","pattern":{"String":"-"},"behavior":"{{behavior}}","invert":false}""", "a--b")));

    [Fact]
    public void An_empty_match_cuts() =>
        Assert.Equal(["one", "Two", "Three"], TinyFile.Split("""{"type":"Split","pattern":{"Regex":"(?=[A-Z])"},"behavior":"Isolated","invert":false}""", "oneTwoThree"));

    [Fact]
    public void A_text_pattern_is_no_regular_expression() =>
        Assert.Equal(["a", ".+", "b.c"], TinyFile.Split("""{"type":"Split","pattern":{"String":".+"},"behavior":"Isolated","invert":false}""", "a.+b.c"));

    [Fact]
    public void Only_a_piece_at_the_texts_beginning_is_first() =>
        Assert.Equal(["a"], TinyFile.Split("""{"type":"Metaspace","prepend_scheme":"first"}""", "a", startsText: false));

    [Theory]
    [InlineData("""{"type":"Gone"}""", "pre-tokenizer 'Gone'")]
    [InlineData("""{"type":"Sequence","pretokenizers":[{"type":"Digits"},{"type":"Gone"}]}""", "pretokenizers[1]")]
    [InlineData("""{"type":"Split","pattern":{"String":"a"},"behavior":"Sideways","invert":false}""", "behavior 'Sideways'")]
    [InlineData("""{"type":"Split","pattern":{"Regex":"[a"},"behavior":"Removed"}""", "pattern")]
    [InlineData("""{"type":"CharDelimiterSplit","delimiter":"ab"}""", "one character")]
    [InlineData("""{"type":"FixedLength","length":0}""", "length above 0")]
    [InlineData("""{"type":"Metaspace","prepend_scheme":"sometimes"}""", "'sometimes'")]
    [InlineData("""{"type":"Metaspace","prepend_scheme":"first","add_prefix_space":false}""", "add_prefix_space")]
    public void A_pre_tokenizer_that_is_wrong_is_named(string json, string expected) =>
        Assert.Contains(expected, Assert.ThrowsAny<TesseraException>(() => TinyFile.Split(json, "a")).Message);
}
