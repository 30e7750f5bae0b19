using System.Text;
using Tessera.Conformance.Fakes;

namespace Tessera.Conformance.Tests.Fakes;

public sealed class ByteTokenizerTests
{
    private readonly ByteTokenizer _tokenizer = new();

    [Fact]
    public void Text_becomes_its_utf8_bytes_and_comes_back()
    {
        int[] ids = _tokenizer.Encode("é!");
        Assert.Equal([0xC3, 0xA9, '!'], ids);
        Assert.Equal("é!", Decode(ids, skipControl: true));
    }

    [Fact]
    public void Special_tokens_are_parsed_only_where_asked_for()
    {
        Assert.Equal([ByteTokenizer.Bos, 'a', ByteTokenizer.Eot, ByteTokenizer.Eos, 'b'], Encode("a<|end|></s>b", new EncodeOptions { AddSpecial = true, ParseSpecial = true }));
        Assert.Equal(_tokenizer.Encode("a</s>"), Encode("a</s>", default));
        Assert.Equal(5, _tokenizer.Encode("a</s>").Length);
    }

    [Fact]
    public void A_break_inside_a_spelling_makes_it_text()
    {
        Assert.Equal(5, Encode("a</s>", new EncodeOptions { ParseSpecial = true, SpecialBreaks = [3] }).Count);
        Assert.Equal(2, Encode("a</s>", new EncodeOptions { ParseSpecial = true, SpecialBreaks = [1, 5] }).Count);
    }

    [Fact]
    public void Control_tokens_are_left_out_or_spelled()
    {
        Assert.Equal("ab", Decode(['a', ByteTokenizer.Eot, 'b'], skipControl: true));
        Assert.Equal("a<|end|>b", Decode(['a', ByteTokenizer.Eot, 'b'], skipControl: false));
        Assert.Equal(TokenKind.Control, _tokenizer.Kind(ByteTokenizer.Bos));
        Assert.Throws<ArgumentOutOfRangeException>(() => _tokenizer.Piece(ByteTokenizer.Size).Length);
    }

    private List<int> Encode(string text, EncodeOptions options)
    {
        List<int> ids = [];
        _tokenizer.Encode(text, options, ids);
        return ids;
    }

    private string Decode(int[] ids, bool skipControl)
    {
        ITokenDecoder decoder = _tokenizer.CreateDecoder(skipControl);
        List<byte> bytes = [];
        Span<byte> buffer = stackalloc byte[decoder.MaxBytes];
        foreach (int id in ids)
            bytes.AddRange(buffer[..decoder.Append(id, buffer)]);
        return Encoding.UTF8.GetString([.. bytes]);
    }
}
