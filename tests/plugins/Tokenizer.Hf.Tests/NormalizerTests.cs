namespace Tessera.Tokenizer.Hf.Tests;

public class NormalizerTests
{
    [Theory]
    [InlineData("""{"type":"NFC"}""", "e\u0301 A\u030A \u1112\u1161\u11AB", "é Å 한")]
    [InlineData("""{"type":"NFD"}""", "é한", "e\u0301\u1112\u1161\u11AB")]
    [InlineData("""{"type":"NFD"}""", "\u0344", "\u0308\u0301")]
    [InlineData("""{"type":"NFKC"}""", "ﬁ½①ｱ", "fi1⁄21ア")]
    [InlineData("""{"type":"NFKD"}""", "ﬁé", "fie\u0301")]
    // A sigma at a word's end is no final one, and the dotted capital I is the one letter that becomes two.
    [InlineData("""{"type":"Lowercase"}""", "ΑΣ İX Ÿ\uD801\uDC00", "ας i\u0307x ÿ\uD801\uDC28", "ασ i\u0307x ÿ\uD801\uDC28")]
    [InlineData("""{"type":"StripAccents"}""", "e\u0301é\u0903", "eé")]
    [InlineData("""{"type":"Replace","pattern":{"String":" "},"content":"▁"}""", "a b  c", "a▁b▁▁c")]
    [InlineData("""{"type":"Replace","pattern":{"String":""},"content":"x"}""", "ab", "ab")]
    [InlineData("""{"type":"Replace","pattern":{"Regex":" {2,}|\\d+"},"content":"$1"}""", "a  b12c", "a$1b$1c")]
    [InlineData("""{"type":"Prepend","prepend":"▁"}""", "a", "▁a")]
    [InlineData("""{"type":"Prepend","prepend":"▁"}""", "", "")]
    [InlineData("""{"type":"Strip","strip_left":true,"strip_right":true}""", " \u3000a b\n", "a b")]
    [InlineData("""{"type":"Strip","strip_left":false,"strip_right":true}""", " a ", " a")]
    [InlineData("""{"type":"Strip","strip_left":true,"strip_right":false}""", " a ", "a ")]
    [InlineData("""{"type":"Nmt"}""", "a\u0001b\u200Bc\tD\uFFFDe\u007F", "ab c D e")]
    [InlineData("""{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true}""", "É\u0000中\tB\u200D", "e 中  b")]
    [InlineData("""{"type":"BertNormalizer","clean_text":false,"handle_chinese_chars":false,"strip_accents":null,"lowercase":false}""", "É中\t", "É中\t")]
    [InlineData("""{"type":"BertNormalizer","clean_text":false,"handle_chinese_chars":false,"strip_accents":true,"lowercase":false}""", "É", "E")]
    [InlineData("""{"type":"BertNormalizer","clean_text":false,"handle_chinese_chars":false,"strip_accents":false,"lowercase":true}""", "É", "é")]
    [InlineData("""{"type":"ByteLevel"}""", "a é", "aĠÃ©")]
    [InlineData("""{"type":"Sequence","normalizers":[{"type":"NFD"},{"type":"StripAccents"},{"type":"Lowercase"}]}""", "ÉÀ", "ea")]
    public void A_normalizer_rewrites_as_defined(string json, string text, string expected, string? other = null) =>
        Assert.Equal(other ?? expected, TinyFile.Normalize(json, text));

    [Fact]
    public void The_map_replaces_short_clusters_by_what_their_start_becomes()
    {
        // a -> x; "fi" ligature -> fi; e with acute in two code points -> one; a soft hyphen goes.
        string map = Convert.ToBase64String(CharsMapWriter.Write([("a", "x"), ("ﬁ", "fi"), ("e\u0301", "é"), ("\u00AD", "")]));
        string json = $$"""{"type":"Precompiled","precompiled_charsmap":"{{map}}"}""";
        Assert.Equal("xb fié", TinyFile.Normalize(json, "ab ﬁe\u0301\u00AD"));
        // The cluster "a + acute" is 3 bytes long and starts with a: all of it becomes x.
        Assert.Equal("x", TinyFile.Normalize(json, "a\u0301"));
        // A cluster of 6 bytes is taken apart.
        Assert.Equal("x\u0301\u0301\u0301", TinyFile.Normalize(json, "a\u0301\u0301\u0301"));
    }

    [Theory]
    [InlineData("""{"type":"Gone"}""", "normalizer 'Gone'")]
    [InlineData("""{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Gone"}]}""", "normalizers[1]")]
    [InlineData("""{"type":"Replace","pattern":{"Regex":"(a"},"content":""}""", "pattern")]
    [InlineData("""{"type":"Replace","pattern":{},"content":""}""", "'String' and 'Regex'")]
    [InlineData("""{"type":"Replace","pattern":{"Regex":"(a)\\1"},"content":""}""", "\\1")]
    [InlineData("""{"type":"Precompiled","precompiled_charsmap":"!"}""", "base 64")]
    [InlineData("""{"type":"Precompiled","precompiled_charsmap":"AQAA"}""", "precompiled_charsmap")]
    [InlineData("""{"type":"Prepend"}""", "'prepend' is missing")]
    public void A_normalizer_that_is_wrong_is_named(string json, string expected) =>
        Assert.Contains(expected, Assert.ThrowsAny<TesseraException>(() => TinyFile.Normalize(json, "a")).Message);
}
