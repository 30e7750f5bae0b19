namespace Tessera.Tokenizers.Common.Tests;

public class WordCacheTests
{
    [Fact]
    public void A_word_comes_back_with_its_ids_whatever_their_number()
    {
        WordCache cache = new();
        Random random = new(1);
        for (int length = 1; length <= WordCache.LongestWord; length++)
            for (int count = 0; count <= 15; count++)
            {
                byte[] word = new byte[length];
                random.NextBytes(word);
                int[] ids = [.. Enumerable.Range(0, count).Select(_ => random.Next())];
                List<int> found = [-5];
                Assert.False(cache.TryAppend(word, found));
                cache.Add(word, ids);
                Assert.True(cache.TryAppend(word, found), $"{length} bytes, {count} ids");
                Assert.Equal([-5, .. ids], found);
            }
    }

    [Fact]
    public void What_does_not_fit_is_not_remembered()
    {
        WordCache cache = new();
        List<int> found = [];
        foreach ((int length, int count) in new[] { (0, 1), (65, 1), (8, 16), (200, 40) })
        {
            byte[] word = [.. Enumerable.Repeat((byte)'a', length)];
            cache.Add(word, new int[count]);
            Assert.False(cache.TryAppend(word, found));
        }
        Assert.Empty(found);
    }

    [Fact]
    public void Words_that_differ_in_one_byte_or_in_length_are_others()
    {
        WordCache cache = new();
        byte[] word = new byte[WordCache.LongestWord];
        cache.Add(word, [1]);
        List<int> found = [];
        for (int i = 0; i < word.Length; i++)
        {
            word[i] = 1;
            Assert.False(cache.TryAppend(word, found));
            word[i] = 0;
            // Zeros fill up a slot, too.
            if (i > 0)
                Assert.False(cache.TryAppend(word.AsSpan(0, i), found));
        }
        Assert.True(cache.TryAppend(word, found));
    }

    [Fact]
    public void An_older_word_that_lost_its_place_is_unknown_not_wrong()
    {
        WordCache cache = new();
        List<int> found = [];
        int known = 0;
        // Far more words than slots, short and long.
        for (int round = 0; round < 2; round++)
            for (int i = 0; i < 60_000; i++)
            {
                byte[] word = new byte[4 + 40 * (i & 1)];
                BitConverter.TryWriteBytes(word, i);
                found.Clear();
                if (cache.TryAppend(word, found))
                {
                    Assert.Equal([i, .. Enumerable.Repeat(i, i % 12)], found);
                    known++;
                }
                cache.Add(word, [i, .. Enumerable.Repeat(i, i % 12)]);
                found.Clear();
                Assert.True(cache.TryAppend(word, found));
            }
        Assert.True(known < 60_000);
    }
}
