using System.Text;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizers.Common.Tests;

public class WordSeamsTests
{
    private static string Parts(string text, string[] tokens, Func<byte, bool>? mayBegin = null, bool marksMayBegin = true)
    {
        byte[][] bytes = [.. tokens.Select(Encoding.UTF8.GetBytes)];
        WordSeams seams = new(bytes.Length, id => bytes[id], id => tokens[id] != "left out", mayBegin, marksMayBegin);
        List<string> parts = [];
        ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(text);
        while (!rest.IsEmpty)
        {
            int end = seams.PartEnd(rest);
            Assert.InRange(end, 1, rest.Length);
            parts.Add(Encoding.UTF8.GetString(rest[..end]));
            rest = rest[end..];
        }
        return string.Join('|', parts);
    }

    [Fact]
    public void A_text_is_cut_where_no_token_crosses()
    {
        Assert.Equal("ab|ab|c|c", Parts("ababcc", ["ab", "c"]));
        Assert.Equal("abab|c", Parts("ababc", ["ab", "xbay"]));
        Assert.Equal("l|e", Parts("le", ["left out", "l"]));
        Assert.Equal("", Parts("", ["ab"]));
    }

    [Fact]
    public void Characters_are_never_cut()
    {
        Assert.Equal("é|é|中|😀|a", Parts("éé中😀a", ["a"]));
        Assert.Equal("éé|中", Parts("éé中", ["éé"]));
    }

    [Fact]
    public void Marks_go_with_what_is_behind_them()
    {
        // Bytes alone would join: the end of é and the mark's start stand side by side in é—.
        string[] tokens = ["▁a", "▁▁", "é—", "a—"];
        Assert.Equal("▁▁a|▁a|▁▁", Parts("▁▁a▁a▁▁", tokens));
        Assert.Equal("é|▁a", Parts("é▁a", tokens));
        // One token with a mark behind something else, and marks are like any character.
        Assert.Equal("a▁▁a▁a", Parts("a▁▁a▁a", [.. tokens, "a▁"]));
    }

    [Fact]
    public void A_part_begins_only_where_it_may()
    {
        Assert.Equal("a|bc|b", Parts("abcb", ["a"], first => first != 'c'));
        Assert.Equal("ab▁c", Parts("ab▁c", ["▁c"], _ => false, marksMayBegin: false));
        Assert.Equal("ab|▁c", Parts("ab▁c", ["▁c"], _ => false));
    }
}
