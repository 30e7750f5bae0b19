namespace Tessera.Tokenizer.Hf.Tests;

public class PostProcessorTests
{
    private const string Template = """
        {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"S","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"E","type_id":0}}],
        "pair":[],"special_tokens":{"S":{"id":"S","ids":[2,1],"tokens":["b","a"]},"E":{"id":"E","ids":[3],"tokens":["c"]}}}
        """;
    private const string Bert = """{"type":"BertProcessing","sep":["c",3],"cls":["b",2]}""";

    [Theory]
    [InlineData(null, "1")]
    [InlineData("""{"type":"ByteLevel","trim_offsets":true}""", "1")]
    [InlineData(Template, "2 1 1 3")]
    [InlineData(Bert, "2 1 3")]
    [InlineData("""{"type":"RobertaProcessing","sep":["c",3],"cls":["b",2],"trim_offsets":true,"add_prefix_space":true}""", "2 1 3")]
    [InlineData("""{"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"BertProcessing","sep":["c",3],"cls":["b",2]},{"type":"BertProcessing","sep":["?",0],"cls":["a",1]}]}""", "1 2 1 3 0")]
    public void A_post_processor_puts_its_tokens_around_a_text(string? post, string expected)
    {
        ITokenizer t = Parse(post);
        Assert.Equal(expected, string.Join(' ', TinyFile.Encode(t, "a", addSpecial: true)));
        Assert.Equal("1", string.Join(' ', TinyFile.Encode(t, "a", addSpecial: false)));
    }

    [Theory]
    [InlineData("""{"type":"Gone"}""", "post-processor 'Gone'")]
    [InlineData("""{"type":"BertProcessing","sep":["c",9],"cls":["b",2]}""", "sep[1]: 9")]
    [InlineData("""{"type":"BertProcessing","sep":["c"],"cls":["b",2]}""", "sep")]
    [InlineData("""{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"X","type_id":0}}],"special_tokens":{}}""", "'X'")]
    [InlineData("""{"type":"TemplateProcessing","single":[{"Sequence":{"id":"B","type_id":0}}],"special_tokens":{}}""", "single[0]")]
    public void A_post_processor_that_is_wrong_is_named(string post, string expected) =>
        Assert.Contains(expected, Assert.ThrowsAny<TesseraException>(() => Parse(post)).Message);

    private static ITokenizer Parse(string? post) => TokenizerFiles.Parse(TinyFile.File(TinyFile.Words("?", "a", "b", "c"), post: post));
}
