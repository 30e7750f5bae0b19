using System.Text;
using Tessera.Tokenizers.Common.Matching;

namespace Tessera.Tokenizers.Common.Tests;

public class ByteTrieTests
{
    private static ByteTrie Build(string[] pieces, Func<int, bool>? include = null)
    {
        byte[][] bytes = [.. pieces.Select(Encoding.UTF8.GetBytes)];
        return ByteTrie.Build(pieces.Length, id => bytes[id], include ?? (_ => true));
    }

    [Fact]
    public void The_longest_piece_is_found()
    {
        ByteTrie trie = Build(["b", "ab", "abcd", "a", "中文"]);
        Assert.Equal((1, 2), trie.Longest("abc"u8));
        Assert.Equal((2, 4), trie.Longest("abcde"u8));
        Assert.Equal((4, 6), trie.Longest("中文字"u8));
        Assert.Equal((-1, 0), trie.Longest("中"u8));
        Assert.Equal((-1, 0), trie.Longest(""u8));
    }

    [Fact]
    public void Of_two_alike_the_lowest_id_stays_and_the_left_out_are_never_found()
    {
        Assert.Equal((1, 1), Build(["", "a", "a"]).Longest("a"u8));
        Assert.Equal((2, 1), Build(["", "a", "a"], id => id != 1).Longest("a"u8));
        Assert.Equal((-1, 0), Build([]).Longest("a"u8));
    }

    [Fact]
    public void Every_prefix_of_random_pieces_is_found_as_a_dictionary_finds_it()
    {
        Random random = new(11);
        byte[][] pieces = [.. Enumerable.Range(0, 3000).Select(_ => Enumerable.Range(0, random.Next(1, 7)).Select(_ => (byte)random.Next(4)).ToArray())];
        Dictionary<string, int> known = [];
        for (int id = 0; id < pieces.Length; id++)
            known.TryAdd(Convert.ToHexString(pieces[id]), id);
        ByteTrie trie = ByteTrie.Build(pieces.Length, id => pieces[id], _ => true);
        for (int i = 0; i < 5000; i++)
        {
            byte[] text = [.. Enumerable.Range(0, 8).Select(_ => (byte)random.Next(4))];
            int node = 0;
            for (int length = 1; length <= text.Length; length++)
            {
                node = node < 0 ? -1 : trie.Step(node, text[length - 1]);
                Assert.Equal(known.GetValueOrDefault(Convert.ToHexString(text, 0, length), -1), node < 0 ? -1 : trie.Token(node));
            }
        }
    }
}
