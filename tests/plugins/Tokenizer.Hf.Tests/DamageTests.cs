using System.Text;

namespace Tessera.Tokenizer.Hf.Tests;

/// <summary>Files that are broken or mean harm.</summary>
public class DamageTests
{
    [Theory]
    [InlineData("", "not JSON")]
    [InlineData("[]", "expected an object")]
    [InlineData("{}", "'model' is missing")]
    [InlineData("""{"model":{"type":"Gone"}}""", "model 'Gone'")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":["a b"]}}""", "merges[0]: 'b'")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0,"b":1},"merges":["a b"]}}""", "'ab'")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0,"b":1},"merges":["ab"]}}""", "merges[0]")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0,"b":1},"merges":[["a","b","c"]]}}""", "merges[0]")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[],"dropout":0.1}}""", "dropout")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[],"unk_token":"x"}}""", "'x'")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0,"b":0},"merges":[]}}""", "id 0 is both 'a' and 'b'")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0,"a":1},"merges":[]}}""", "'a' has the ids 0 and 1")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":-1},"merges":[]}}""", "whole number")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":1.5},"merges":[]}}""", "whole number")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":99999999999},"merges":[]}}""", "16777215")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":16777215},"merges":[]}}""", "holes")]
    [InlineData("""{"model":{"type":"BPE","vocab":{},"merges":[]}}""", "empty")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"\ud800":0},"merges":[]}}""", "well-formed")]
    [InlineData("""{"model":{"type":"WordLevel","vocab":{"a":0}}}""", "unk_token '<unk>'")]
    [InlineData("""{"model":{"type":"WordPiece","vocab":{"a":0}}}""", "unk_token '[UNK]'")]
    [InlineData("""{"model":{"type":"Unigram","unk_id":0,"vocab":[]}}""", "empty")]
    [InlineData("""{"model":{"type":"Unigram","unk_id":1,"vocab":[["a",0]]}}""", "unk_id")]
    [InlineData("""{"model":{"type":"Unigram","unk_id":0,"vocab":[["a",0],["a",1]]}}""", "vocab[1]")]
    [InlineData("""{"model":{"type":"Unigram","unk_id":0,"vocab":[["a",1e999]]}}""", "vocab[0][1]")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"added_tokens":[{"id":0,"content":"b"}]}""", "id 0 is both")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"added_tokens":[{"id":1,"content":"b"},{"id":1,"content":"c"}]}""", "added_tokens[1]")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"added_tokens":[{"content":"b"}]}""", "'id' is missing")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"added_tokens":{}}""", "expected an array")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"normalizer":3}""", "normalizer: expected an object, found 3")]
    public void A_broken_file_is_refused_with_what_and_where(string json, string expected)
    {
        string message = Assert.ThrowsAny<TesseraException>(() => TokenizerFiles.Parse(json)).Message;
        Assert.Contains(expected, message);
        Assert.StartsWith("tokenizer.json", message);
    }

    [Fact]
    public void Ids_may_have_holes()
    {
        ITokenizer t = TokenizerFiles.Parse("""{"model":{"type":"BPE","vocab":{"a":0,"b":5},"merges":[]}}""");
        Assert.Equal(6, t.VocabularySize);
        Assert.Equal(TokenKind.Unused, t.Kind(3));
        Assert.Equal(0, t.Piece(3).Length);
        Assert.Equal("a b", TinyFile.Decode(t, false, 0, 3, 5));
    }

    [Fact]
    public void Deep_nesting_ends_in_an_error()
    {
        string normalizer = string.Concat(Enumerable.Repeat("""{"type":"Sequence","normalizers":[""", 10_000)) + string.Concat(Enumerable.Repeat("]}", 10_000));
        Assert.Throws<ModelFormatException>(() => TokenizerFiles.Parse(TinyFile.File(TinyFile.Words("?"), normalizer)));
    }

    [Fact]
    public void All_parts_that_are_not_known_are_named_at_once()
    {
        string message = Assert.Throws<UnsupportedModelException>(() => TokenizerFiles.Parse(TinyFile.File(
            """{"type":"Runes","vocab":{}}""", """{"type":"Sequence","normalizers":[{"type":"Runic"}]}""", """{"type":"Staves"}""", "null", """{"type":"Chisel"}"""))).Message;
        foreach (string part in (string[])["model 'Runes'", "normalizer 'Runic'", "pre-tokenizer 'Staves'", "decoder 'Chisel'"])
            Assert.Contains($"the {part} is not known", message, StringComparison.Ordinal);
        message = Assert.Throws<UnsupportedModelException>(() => TokenizerFiles.Parse(TinyFile.File(TinyFile.Words("?"), """{"type":"Runic"}""", "null", """{"type":"Frame"}"""))).Message;
        foreach (string part in (string[])["normalizer 'Runic'", "post-processor 'Frame'"])
            Assert.Contains($"the {part} is not known", message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_other_file_is_read_as_strictly()
    {
        Assert.StartsWith("tokenizer_config.json", Assert.Throws<ModelFormatException>(() => TokenizerFiles.Parse(TinyFile.File(TinyFile.Words("?")), "{")).Message);
        Assert.Contains("bos_token", Assert.Throws<ModelFormatException>(() => TokenizerFiles.Parse(TinyFile.File(TinyFile.Words("?")), """{"bos_token":1}""")).Message);
    }

    [Fact]
    public void Other_kinds_are_left_to_others()
    {
        Assert.False(new HfFactory().CanCreate(new TokenizerAssets { Model = "gpt2", Tokens = [] }));
        Assert.Throws<UnsupportedModelException>(() => new HfFactory().Create(new TokenizerAssets { Model = "gpt2", Tokens = [] }));
        Assert.Contains("tokenizer.json", Assert.Throws<ModelFormatException>(() => new HfFactory().Create(new TokenizerAssets { Model = "hf", Tokens = [] })).Message);
    }

    [Fact]
    public void Damaged_bytes_end_in_a_tokenizer_or_a_typed_error()
    {
        byte[] whole = Encoding.UTF8.GetBytes(Rich());
        Random random = new(11);
        int refused = 0, read = 0;
        for (int i = 0; i < 1500; i++)
        {
            byte[] bytes = i % 3 == 0 ? whole[..random.Next(whole.Length)] : [.. whole];
            for (int n = i % 3 == 0 ? 0 : random.Next(1, 4); n > 0; n--)
                bytes[random.Next(bytes.Length)] = i % 3 == 1 ? (byte)random.Next(256) : (byte)"0123456789[]{}\",:\\ue"[random.Next(20)];
            try
            {
                ITokenizer t = TokenizerFiles.Create(new() { ["tokenizer.json"] = bytes });
                int[] ids = TinyFile.Encode(t, "Ab é <x> 中12", addSpecial: true);
                Assert.All(ids, id => Assert.InRange(id, 0, t.VocabularySize - 1));
                TinyFile.Decode(t, true, ids);
                read++;
            }
            catch (TesseraException)
            {
                refused++;
            }
        }
        Assert.True(read > 50 && refused > 500, $"{read} were read, {refused} refused");
    }

    // A file with something of everything.
    private static string Rich() => TinyFile.File(
        TinyFile.Bpe(["<u>", "a", "b", "Ġ", "ab", "Ã", "©", "1", "Ġa"], ["a b", "Ġ a"], "\"unk_token\":\"<u>\",\"fuse_unk\":true"),
        """{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Lowercase"},{"type":"Replace","pattern":{"Regex":"\\s+"},"content":" "}]}""",
        """{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"[^\\s\\p{L}]+|(?i:x)"},"behavior":"MergedWithPrevious","invert":false},{"type":"ByteLevel","add_prefix_space":true}]}""",
        """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"S","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"special_tokens":{"S":{"id":"S","ids":[1],"tokens":["a"]}}}""",
        """{"type":"Sequence","decoders":[{"type":"ByteLevel"},{"type":"Strip","content":" ","start":1,"stop":1}]}""",
        TinyFile.Added(9, "<x>", "\"special\":true,\"lstrip\":true"), TinyFile.Added(10, "É", "\"normalized\":true,\"single_word\":true"));
}
