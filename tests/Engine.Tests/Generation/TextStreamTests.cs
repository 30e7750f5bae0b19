using System.Text;
using Tessera.Conformance.Fakes;
using Tessera.Engine.Generation;

namespace Tessera.Engine.Tests.Generation;

public sealed class TextStreamTests
{
    private static readonly ByteTokenizer Tokenizer = new();

    /// <summary>The pieces that a stream gives out for a text that comes byte by byte, the rest at the end last.</summary>
    private static (List<string> Pieces, bool Stopped) Feed(byte[] bytes, params string[] stop)
    {
        TextStream stream = new(Tokenizer.CreateDecoder(skipControl: true), stop, []);
        List<string> pieces = [];
        StringBuilder text = new();
        foreach (byte b in bytes)
        {
            stream.Append(b, text);
            pieces.Add(text.ToString());
            text.Clear();
        }
        stream.Finish(text);
        pieces.Add(text.ToString());
        return (pieces, stream.Stopped);
    }

    private static (List<string> Pieces, bool Stopped) Feed(string text, params string[] stop) => Feed(Encoding.UTF8.GetBytes(text), stop);

    [Fact]
    public void Text_comes_out_as_it_goes_in() => Assert.Equal(["a", "b", "c", ""], Feed("abc").Pieces);

    [Theory]
    [InlineData("é")]
    [InlineData("€")]
    [InlineData("😀")]
    public void A_character_comes_out_whole(string character)
    {
        List<string> pieces = Feed(character).Pieces;
        Assert.Equal(character, pieces[^2]);
        Assert.All(pieces[..^2], p => Assert.Empty(p));
    }

    [Fact]
    public void Bytes_that_are_no_character_become_replacement_characters_and_hold_nothing_back()
    {
        Assert.Equal("\uFFFDa", string.Concat(Feed([0xE2, (byte)'a']).Pieces));
        Assert.Equal("\uFFFD", string.Concat(Feed([0xF0, 0x9F]).Pieces));
        Assert.Equal("\uFFFDb", string.Concat(Feed([0x80, (byte)'b']).Pieces));
    }

    [Fact]
    public void A_stop_string_and_what_follows_is_not_in_the_text()
    {
        (List<string> pieces, bool stopped) = Feed("one END two", "END");
        Assert.True(stopped);
        Assert.Equal("one ", string.Concat(pieces));
    }

    [Fact]
    public void What_only_begins_like_a_stop_string_is_held_back_and_then_given_out()
    {
        (List<string> pieces, bool stopped) = Feed("EN!", "END");
        Assert.False(stopped);
        Assert.Equal(["", "", "EN!", ""], pieces);
        Assert.Equal("EN", Feed("EN", "END").Pieces[^1]);
    }

    [Fact]
    public void Of_several_stop_strings_the_earliest_in_the_text_counts()
    {
        Assert.Equal("a", string.Concat(Feed("abcd", "cd", "bc").Pieces));
        Assert.Equal("aa", string.Concat(Feed("aaab", "ab").Pieces));
    }

    [Fact]
    public void A_stop_string_may_lie_across_characters_of_several_bytes() => Assert.Equal("x", string.Concat(Feed("x€é!", "€é").Pieces));

    [Fact]
    public void The_prompts_last_token_is_not_part_of_the_text()
    {
        TextStream stream = new(Tokenizer.CreateDecoder(skipControl: true), [], ['p', 'q']);
        StringBuilder text = new();
        stream.Append('r', text);
        stream.Finish(text);
        Assert.Equal("r", text.ToString());
    }
}
