using System.Text;

namespace Tessera.Tokenizer.Hf.Tests;

public class DecoderTests
{
    private static readonly string[] Tokens =
        ["?", "▁a", "b▁", "<0xE4>", "<0xB8>", "<0xAD>", "<0xFF>", "##c", ".", "d</w>", "<pad>", "|", "Ã", "©", "x y", "▁", "n't", "<s>"];

    [Theory]
    // Without a decoder there is a space between tokens.
    [InlineData(null, "1 8", "▁a .")]
    [InlineData("""{"type":"Fuse"}""", "1 8", "▁a.")]
    [InlineData("""{"type":"ByteLevel"}""", "12 13 14", "éx y")]
    [InlineData("""{"type":"ByteLevel"}""", "12 8", "\uFFFD.")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"always"}""", "2 1 2", "b ab ")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"never"}""", "1 1", " a a")]
    [InlineData("""{"type":"WordPiece","prefix":"##","cleanup":true}""", "1 7 8 16", "▁ac.n't")]
    [InlineData("""{"type":"WordPiece","prefix":"##","cleanup":false}""", "7 7 8", "##cc .")]
    [InlineData("""{"type":"BPEDecoder","suffix":"</w>"}""", "9 8 9", "d .d")]
    [InlineData("""{"type":"ByteFallback"}""", "3 4 5 8", "中.")]
    // A run that is no UTF-8 as a whole is one U+FFFD for each byte, what would be well-formed in it too.
    [InlineData("""{"type":"ByteFallback"}""", "3 4 5 6 8", "\uFFFD\uFFFD\uFFFD\uFFFD.")]
    [InlineData("""{"type":"ByteFallback"}""", "3 4", "\uFFFD\uFFFD")]
    [InlineData("""{"type":"CTC","pad_token":"<pad>","word_delimiter_token":"|","cleanup":true}""", "8 8 10 8 11 1", ".. ▁a")]
    [InlineData("""{"type":"CTC","pad_token":"<pad>","word_delimiter_token":"|","cleanup":false}""", "8 10 10 11 11", ".|")]
    [InlineData("""{"type":"Strip","content":"▁","start":1,"stop":1}""", "1 2 15", "ab")]
    [InlineData("""{"type":"Replace","pattern":{"Regex":"[a-z]+"},"content":"z"}""", "14", "z z")]
    [InlineData("""{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}""", "15 1 3 4 5 2", " a中b ")]
    [InlineData("""{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"Fuse"},{"type":"Strip","content":" ","start":2,"stop":2}]}""", "15 15 15 1 2 15 15", "  ab ")]
    // What is spread over tokens is replaced in the fused text.
    [InlineData("""{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"Replace","pattern":{"String":"a."},"content":"Z"}]}""", "1 8 1 1", "▁Z▁a▁a")]
    [InlineData("""{"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Metaspace","replacement":"▁","prepend_scheme":"first"}]}""", "3 4 5 1", "中 a")]
    public void A_decoder_gives_the_text_as_defined(string? decoder, string ids, string expected) =>
        Assert.Equal(expected, TinyFile.Decode(Parse(decoder), skipControl: false, Ids(ids)));

    [Fact]
    public void Special_tokens_are_left_out_before_all_else()
    {
        ITokenizer t = Parse("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"first"}""");
        Assert.Equal("<s> a", TinyFile.Decode(t, skipControl: false, 17, 1));
        // Now ▁a is the first, so its mark goes.
        Assert.Equal("a", TinyFile.Decode(t, skipControl: true, 17, 1));
    }

    [Fact]
    public void A_long_run_of_bytes_is_judged_in_parts()
    {
        ITokenizer t = Parse("""{"type":"ByteFallback"}""");
        int[] ids = [.. Enumerable.Repeat<int[]>([3, 4, 5], 1000).SelectMany(i => i)];
        string text = TinyFile.Decode(t, false, ids);
        Assert.Equal(3000, Encoding.UTF8.GetByteCount(text) + text.Count(c => c == '\uFFFD') * -2);
        ITokenDecoder decoder = t.CreateDecoder(false);
        byte[] buffer = new byte[decoder.MaxBytes];
        int held = 0;
        foreach (int id in ids)
            held = decoder.Append(id, buffer) > 0 ? 0 : held + 1;
        Assert.True(held <= 256);
    }

    [Fact]
    public void A_stream_allocates_nothing()
    {
        ITokenizer t = Parse("""{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}""");
        ITokenDecoder decoder = t.CreateDecoder(true);
        byte[] buffer = new byte[decoder.MaxBytes];
        Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Run()
        {
            for (int round = 0; round < 50; round++)
            {
                for (int id = 0; id < Tokens.Length; id++)
                    decoder.Append(id, buffer);
                decoder.Finish(buffer);
            }
        }
    }

    [Fact]
    public void A_new_stream_starts_as_the_first_did()
    {
        ITokenDecoder decoder = Parse("""{"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":"▁","start":1,"stop":0}]}""").CreateDecoder(false);
        byte[] buffer = new byte[decoder.MaxBytes];
        Assert.Equal(0, decoder.Append(3, buffer));
        decoder.Reset();
        Assert.Equal("a", Encoding.UTF8.GetString(buffer, 0, decoder.Append(1, buffer)));
        Assert.Equal(0, decoder.Finish(buffer));
        Assert.Equal("a", Encoding.UTF8.GetString(buffer, 0, decoder.Append(1, buffer)));
        Assert.Throws<ArgumentOutOfRangeException>(() => decoder.Append(Tokens.Length, buffer));
        Assert.Throws<ArgumentException>(() => decoder.Append(1, []));
    }

    [Theory]
    [InlineData("""{"type":"Gone"}""", "decoder 'Gone'")]
    [InlineData("""{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"Gone"}]}""", "decoders[1]")]
    [InlineData("""{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"WordPiece"}]}""", "decoders[1]")]
    [InlineData("""{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"ByteFallback"}]}""", "ByteFallback")]
    [InlineData("""{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"Replace","pattern":{"Regex":"a"},"content":""}]}""", "Regex")]
    [InlineData("""{"type":"Strip","content":"ab","start":1,"stop":0}""", "content")]
    [InlineData("""{"type":"Strip","content":"a","start":1,"stop":100000}""", "stop")]
    public void A_decoder_that_is_wrong_or_too_much_is_named(string decoder, string expected) =>
        Assert.Contains(expected, Assert.ThrowsAny<TesseraException>(() => Parse(decoder)).Message);

    private static ITokenizer Parse(string? decoder) =>
        TokenizerFiles.Parse(TinyFile.File(TinyFile.Words(Tokens), null, null, null, decoder, TinyFile.Added(17, "<s>", "\"special\":true")));

    private static int[] Ids(string ids) => [.. ids.Split(' ').Select(int.Parse)];
}
