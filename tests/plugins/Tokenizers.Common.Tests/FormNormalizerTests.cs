using System.Buffers;
using Tessera.Tokenizers.Common.Unicode;

namespace Tessera.Tokenizers.Common.Tests;

public class FormNormalizerTests
{
    [Theory]
    // The examples of UAX 15: singletons, composites, reordering, exclusions, Hangul, compatibility.
    [InlineData("\u212B", "A\u030A", "\u00C5", "A\u030A", "\u00C5")]
    [InlineData("\u1E9B\u0323", "\u017F\u0323\u0307", "\u1E9B\u0323", "s\u0323\u0307", "\u1E69")]
    [InlineData("\u1E0A\u0323", "D\u0323\u0307", "\u1E0C\u0307", "D\u0323\u0307", "\u1E0C\u0307")]
    [InlineData("q\u0307\u0323", "q\u0323\u0307", "q\u0323\u0307", "q\u0323\u0307", "q\u0323\u0307")]
    [InlineData("\u0958", "\u0915\u093C", "\u0915\u093C", "\u0915\u093C", "\u0915\u093C")]
    [InlineData("\uAC01", "\u1100\u1161\u11A8", "\uAC01", "\u1100\u1161\u11A8", "\uAC01")]
    [InlineData("\u1100\u1161\u11A8\u11A8", "\u1100\u1161\u11A8\u11A8", "\uAC01\u11A8", "\u1100\u1161\u11A8\u11A8", "\uAC01\u11A8")]
    [InlineData("\uFB01", "\uFB01", "\uFB01", "fi", "fi")]
    [InlineData("2\u2075", "2\u2075", "2\u2075", "25", "25")]
    [InlineData("\uD834\uDD5E", "\uD834\uDD57\uD834\uDD65", "\uD834\uDD57\uD834\uDD65", "\uD834\uDD57\uD834\uDD65", "\uD834\uDD57\uD834\uDD65")]
    [InlineData("\u0DD9\u0DCF\u0DCA", "\u0DD9\u0DCF\u0DCA", "\u0DDD", "\u0DD9\u0DCF\u0DCA", "\u0DDD")]
    [InlineData("abc \u4E2D", "abc \u4E2D", "abc \u4E2D", "abc \u4E2D", "abc \u4E2D")]
    [InlineData("", "", "", "", "")]
    public void All_forms_are_as_defined(string text, string nfd, string nfc, string nfkd, string nfkc)
    {
        Assert.Equal(nfd, Normalize(UnicodeForm.Nfd, text));
        Assert.Equal(nfc, Normalize(UnicodeForm.Nfc, text));
        Assert.Equal(nfkd, Normalize(UnicodeForm.Nfkd, text));
        Assert.Equal(nfkc, Normalize(UnicodeForm.Nfkc, text));
    }

    [Fact]
    public void A_form_of_a_form_is_itself_and_forms_lead_to_each_other()
    {
        // UAX 15: NFC(NFD(x)) = NFC(x) and the like, for every code point between two that may compose with it.
        for (int point = 0; point < 0x30000; point += point < 0x3400 ? 1 : 7)
        {
            if (point is >= 0xD800 and <= 0xDFFF)
                continue;
            string text = "e" + char.ConvertFromUtf32(point) + "\u0327\u0301\u0301";
            string nfd = Normalize(UnicodeForm.Nfd, text), nfc = Normalize(UnicodeForm.Nfc, text);
            Assert.Equal(nfd, Normalize(UnicodeForm.Nfd, nfd));
            Assert.Equal(nfd, Normalize(UnicodeForm.Nfd, nfc));
            Assert.Equal(nfc, Normalize(UnicodeForm.Nfc, nfd));
            Assert.Equal(nfc, Normalize(UnicodeForm.Nfc, nfc));
            string nfkd = Normalize(UnicodeForm.Nfkd, text);
            Assert.Equal(nfkd, Normalize(UnicodeForm.Nfkd, nfc));
            Assert.Equal(Normalize(UnicodeForm.Nfkc, text), Normalize(UnicodeForm.Nfc, nfkd));
        }
    }

    [Fact]
    public void A_long_run_of_marks_is_sorted()
    {
        string text = "a" + string.Concat(Enumerable.Repeat("\u0301\u0327", 100_000));
        Assert.Equal("a" + new string('\u0327', 100_000) + new string('\u0301', 100_000), Normalize(UnicodeForm.Nfd, text));
    }

    [Fact]
    public void An_unpaired_surrogate_becomes_the_replacement_character() => Assert.Equal("a\uFFFDe\u0301", Normalize(UnicodeForm.Nfd, "a\uD800é"));

    [Fact]
    public void Sets_are_found_by_name()
    {
        Assert.Contains(0x4E00, UnicodeSets.Instance.Find("Han")!);
        Assert.Equal(UnicodeSets.Instance.Find("Old_Italic"), UnicodeSets.Instance.Find("olditalic"));
        Assert.Null(UnicodeSets.Instance.Find("Klingon"));
    }

    private static string Normalize(UnicodeForm form, string text)
    {
        ArrayBufferWriter<char> writer = new();
        new FormNormalizer(form).Normalize(text, writer);
        return writer.WrittenSpan.ToString();
    }
}
