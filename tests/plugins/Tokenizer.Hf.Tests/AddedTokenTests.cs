namespace Tessera.Tokenizer.Hf.Tests;

public class AddedTokenTests
{
    private static readonly string Model = TinyFile.Words("?", "a", "b", " ", "<", "x");
    private const string Characters = """{"type":"FixedLength","length":1}""";

    [Fact]
    public void The_leftmost_and_then_the_longest_is_found() =>
        Assert.Equal("1 11 2", Shown(File(TinyFile.Added(10, "<x"), TinyFile.Added(11, "<x>"), TinyFile.Added(12, "x>")), "a<x>b"));

    [Fact]
    public void White_space_beside_it_may_belong_to_it()
    {
        Assert.Equal("1 3 10 3 2", Shown(File(TinyFile.Added(10, "<x>")), "a <x> b"));
        Assert.Equal("1 10 3 2", Shown(File(TinyFile.Added(10, "<x>", "\"lstrip\":true")), "a <x> b"));
        Assert.Equal("1 3 10 2", Shown(File(TinyFile.Added(10, "<x>", "\"rstrip\":true")), "a <x>\n b"));
        // What one has taken is not there for the next.
        Assert.Equal("10 10 2", Shown(File(TinyFile.Added(10, "<x>", "\"rstrip\":true,\"lstrip\":true")), " <x>  <x>b"));
    }

    [Fact]
    public void A_single_word_stands_between_edges()
    {
        string[] file = [TinyFile.Added(10, "ab", "\"single_word\":true")];
        Assert.Equal("10 3 10", Shown(File(file), "ab ab"));
        Assert.Equal("1 2 5", Shown(File(file), "abx"));
        Assert.Equal("5 1 2", Shown(File(file), "xab"));
        Assert.Equal("4 10 4", Shown(File(file), "<ab<"));
        // The word that was passed over is not looked into.
        Assert.Equal("1 2 1 2", Shown(File(file), "abab"));
    }

    [Fact]
    public void A_normalized_one_is_looked_for_in_normalized_text()
    {
        string json = TinyFile.File(Model, """{"type":"Lowercase"}""", Characters, null, null, TinyFile.Added(10, "<X>", "\"normalized\":true"), TinyFile.Added(11, "<B>", "\"normalized\":false"));
        // <x> is what the first becomes; the second counts as it is spelled, and before.
        Assert.Equal("10 10 11 4 2 0", Shown(json, "<x><X><B><b>"));
    }

    [Fact]
    public void Special_ones_are_text_unless_they_are_parsed()
    {
        string json = File(TinyFile.Added(10, "<x>", "\"special\":true"), TinyFile.Added(11, "ab"));
        ITokenizer t = TokenizerFiles.Parse(json);
        Assert.Equal([10, 11], TinyFile.Encode(t, "<x>ab"));
        Assert.Equal([4, 5, 0, 11], TinyFile.Encode(t, "<x>ab", parseSpecial: false));
        Assert.Equal(TokenKind.Control, t.Kind(10));
        Assert.Equal(TokenKind.UserDefined, t.Kind(11));
    }

    [Fact]
    public void The_configuration_adds_tokens_and_changes_their_flags()
    {
        const string Config = """
            {"added_tokens_decoder":{"11":{"content":"<a>","special":true},"10":{"content":"<x>","special":true},"2":{"content":"b","lstrip":true},"12":{"content":"ab"},"1":{"content":"?a"}}}
            """;
        string json = File(TinyFile.Added(10, "<x>", "\"special\":false"), TinyFile.Added(13, "?a"));
        ITokenizer plain = TokenizerFiles.Parse(json), t = TokenizerFiles.Parse(json, Config);
        Assert.Equal([10, 4, 1, 0], TinyFile.Encode(plain, "<x><a>"));
        Assert.Equal([10, 11, 12], TinyFile.Encode(t, "<x><a>ab"));
        Assert.Equal((TokenKind.UserDefined, TokenKind.Control, TokenKind.Control, TokenKind.UserDefined), (plain.Kind(10), t.Kind(10), t.Kind(11), t.Kind(12)));
        // One of the model's own, which now takes the space before it; and one whose id there names another, which keeps the file's.
        Assert.Equal([1, 2], TinyFile.Encode(t, "a b"));
        Assert.Equal([13], TinyFile.Encode(t, "?a"));
        Assert.Equal(14, t.VocabularySize);
        Assert.Equal([4, 1, 0], TinyFile.Encode(t, "<a>", parseSpecial: false));
    }

    [Fact]
    public void An_id_of_the_configuration_that_another_token_has_is_passed_over()
    {
        ITokenizer t = TokenizerFiles.Parse(File(TinyFile.Added(10, "<x>")), """{"added_tokens_decoder":{"1":{"content":"<a>"},"10":{"content":"<b>"}}}""");
        Assert.Equal([4, 1, 0], TinyFile.Encode(t, "<a>"));
        Assert.Equal([4, 2, 0], TinyFile.Encode(t, "<b>"));
        Assert.Equal(11, t.VocabularySize);
    }

    [Theory]
    [InlineData("""{"added_tokens_decoder":{"x":{"content":"a"}}}""", "'x'")]
    [InlineData("""{"added_tokens_decoder":{"-1":{"content":"a"}}}""", "'-1'")]
    [InlineData("""{"added_tokens_decoder":{"7":{"lstrip":true}}}""", "'content' is missing")]
    [InlineData("""{"added_tokens_decoder":[]}""", "an object")]
    [InlineData("""{"added_tokens_decoder":{"16000000":{"content":"far"}}}""", "holes")]
    public void What_the_configuration_adds_is_checked(string config, string named) =>
        Assert.Contains(named, Assert.Throws<ModelFormatException>(() => TokenizerFiles.Parse(File(), config)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void No_special_one_spans_a_break(bool normalized)
    {
        string json = TinyFile.File(Model, """{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":" "},{"type":"Lowercase"}]}""", Characters, null, null,
            TinyFile.Added(10, normalized ? "x>" : "<x>", $"\"special\":true,\"normalized\":{(normalized ? "true" : "false")}"), TinyFile.Added(11, " x>", "\"special\":true,\"normalized\":false"));
        ITokenizer t = TokenizerFiles.Parse(json);
        if (!normalized)
        {
            Assert.Equal([10, 10], TinyFile.Encode(t, "<x><x>", breaks: [3]));
            Assert.Equal([3, 4, 5, 0, 10], TinyFile.Encode(t, "<x><x>", breaks: [1]));
            return;
        }
        // In normalized text the spelling is " x>", for a space is put in front.
        Assert.Equal([10], TinyFile.Encode(t, "X>"));
        Assert.Equal([3, 5, 0], TinyFile.Encode(t, "X>", breaks: [1]));
    }

    [Fact]
    public void Breaks_count_in_normalized_text_where_its_length_has_changed()
    {
        // "ﬀ" becomes two letters before the break.
        string json = TinyFile.File(TinyFile.Words("?", "f", "<", "x", ">"), """{"type":"NFKC"}""", Characters, null, null, TinyFile.Added(10, "<x>", "\"special\":true,\"normalized\":true"));
        ITokenizer t = TokenizerFiles.Parse(json);
        Assert.Equal([1, 1, 10, 10], TinyFile.Encode(t, "ﬀ<x><x>"));
        Assert.Equal([1, 1, 2, 3, 4, 10], TinyFile.Encode(t, "ﬀ<x><x>", breaks: [2]));
        Assert.Equal([1, 1, 10, 2, 3, 4], TinyFile.Encode(t, "ﬀ<x><x>", breaks: [6]));
    }

    [Fact]
    public void Breaks_count_in_long_texts_too()
    {
        string json = TinyFile.File(TinyFile.Words("?", "f", "<", "x", ">"), """{"type":"NFKC"}""", Characters, null, null, TinyFile.Added(10, "<x>", "\"special\":true,\"normalized\":true"));
        string text = new string('ﬀ', 100_000) + "<x><x>";
        int[] ids = TinyFile.Encode(TokenizerFiles.Parse(json), text, breaks: [100_001, 100_002]);
        Assert.Equal([1, 1, 2, 3, 4, 10], ids[^6..]);
        Assert.Equal(200_004, ids.Length);
    }

    [Fact]
    public void One_that_the_model_has_too_keeps_its_id()
    {
        Assert.Equal("5 2", Shown(File(TinyFile.Added(5, "x")), "xb"));
        Assert.Contains("'x'", Assert.Throws<ModelFormatException>(() => TokenizerFiles.Parse(File(TinyFile.Added(6, "x")))).Message);
    }

    [Fact]
    public void Truncation_and_padding_in_the_file_change_nothing() => Assert.Equal("1 2 1 2", Shown(File(), "abab"));

    private static string File(params string[] added) => TinyFile.File(Model, null, Characters, null, null, added);

    private static string Shown(string json, string text) => string.Join(' ', TinyFile.Encode(TokenizerFiles.Parse(json), text));
}
