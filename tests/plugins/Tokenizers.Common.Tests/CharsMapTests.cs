using System.Text;
using Tessera.Tokenizers.Common.Normalization;

namespace Tessera.Tokenizers.Common.Tests;

public class CharsMapTests
{
    private static readonly byte[] Map = CharsMapWriter.Write(("ﬁ", "fi"), ("Ⅷ", "VIII"), ("e\u0301", "é"), ("ab", "x"), ("abcd", "y"), ("\t", " "), ("\u200B", ""), ("カ\u3099", "ガ"));

    private static (int Length, string To) Match(string text, bool longest = true)
    {
        int length = CharsMap.Read(Map).Match(Encoding.UTF8.GetBytes(text), longest, out ReadOnlySpan<byte> to);
        return (length, Encoding.UTF8.GetString(to));
    }

    [Theory]
    [InlineData("ﬁn", 3, "fi")]
    [InlineData("Ⅷ", 3, "VIII")]
    [InlineData("e\u0301e", 3, "é")]
    [InlineData("ee\u0301", 0, "")]
    [InlineData("abcde", 4, "y")]
    [InlineData("abce", 2, "x")]
    [InlineData("a", 0, "")]
    [InlineData("\u200Bz", 3, "")]
    [InlineData("カ\u3099ラ", 6, "ガ")]
    [InlineData("", 0, "")]
    [InlineData("\0ab", 0, "")]
    public void The_longest_sequence_of_the_map_is_replaced(string text, int length, string to) => Assert.Equal((length, to), Match(text));

    [Fact]
    public void The_shortest_sequence_is_found_where_it_is_asked_for() => Assert.Equal((2, "x"), Match("abcd", longest: false));

    [Fact]
    public void An_empty_map_changes_nothing()
    {
        CharsMap map = CharsMap.Read([]);
        Assert.True(map.IsEmpty);
        Assert.Equal(0, map.Match("ab"u8, true, out _));
    }

    [Theory]
    [InlineData(new byte[] { 1, 0 })]
    [InlineData(new byte[] { 8, 0, 0, 0, 1, 2, 3, 4 })]
    [InlineData(new byte[] { 3, 0, 0, 0, 1, 2, 3, 0 })]
    [InlineData(new byte[] { 4, 0, 0, 0, 1, 2, 3, 0, (byte)'a' })]
    [InlineData(new byte[] { 4, 0, 0, 0, 1, 2, 3, 0 })]
    public void Lengths_that_do_not_fit_are_refused(byte[] data) =>
        Assert.Contains("precompiled_charsmap", Assert.Throws<ModelFormatException>(() => CharsMap.Read(data)).Message);

    [Fact]
    public void A_map_of_any_bytes_answers_or_is_refused()
    {
        Random random = new(5);
        int refused = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] data = (byte[])Map.Clone();
            for (int flips = random.Next(1, 4); flips > 0; flips--)
                data[random.Next(data.Length)] ^= (byte)(1 << random.Next(8));
            try
            {
                CharsMap map = CharsMap.Read(data);
                foreach (string text in (string[])["ﬁn", "abcd", "カ\u3099", "\t"])
                    Assert.InRange(map.Match(Encoding.UTF8.GetBytes(text), true, out _), 0, 6);
            }
            catch (ModelFormatException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, 1, 19_999);
    }
}
