using Tessera.Tokenizers.Common.Merging;

namespace Tessera.Tokenizers.Common.Tests;

public class MergingTests
{
    [Fact]
    public void A_merge_list_gives_what_repeated_search_for_the_best_pair_gives()
    {
        Random random = new(1);
        for (int round = 0; round < 300; round++)
        {
            PairTable table = new(4);
            for (int i = 0; i < 60; i++)
                table.TryAdd(random.Next(20), random.Next(20), (long)random.Next(15) << 32 | (uint)random.Next(20));
            int[] word = [.. Enumerable.Range(0, random.Next(0, 80)).Select(_ => random.Next(20))];
            Assert.Equal(Naive([.. word], table), Merge(word, table, new Counter()));
        }
    }

    [Fact]
    public void The_number_of_pairs_looked_at_is_linear_in_the_word()
    {
        // Pairs of equal symbols double: one word of 2^17 symbols becomes one symbol.
        PairTable table = new(32);
        for (int i = 0; i < 17; i++)
            table.TryAdd(i, i, (long)i << 32 | (uint)(i + 1));
        Counter counter = new();
        Assert.Equal([17], Merge(new int[1 << 17], table, counter));
        Assert.True(counter.Calls <= 3 << 17, $"{counter.Calls} pairs for {1 << 17} symbols");
    }

    [Fact]
    public void Symbols_know_where_they_stand()
    {
        MergeList list = new();
        list.Add(1, 3);
        list.Add(2, 1);
        list.Add(3, 2);
        PairTable table = new(4);
        table.TryAdd(2, 3, 9);
        list.Merge(new Rule(table, new Counter()));
        Assert.Equal(0, list.First);
        int second = list.Next(0);
        Assert.Equal((9, 3, 6), (list.Id(second), list.Start(second), list.End(second)));
        Assert.Equal(-1, list.Next(second));
        list.Clear();
        Assert.Equal(-1, list.First);
    }

    [Fact]
    public void A_pair_table_answers_like_a_dictionary()
    {
        Random random = new(2);
        PairTable table = new(0);
        Dictionary<(int, int), long> expected = [];
        for (int i = 0; i < 20_000; i++)
        {
            (int, int) key = (random.Next(300), random.Next(300) << random.Next(22));
            Assert.Equal(expected.TryAdd(key, i), table.TryAdd(key.Item1, key.Item2, i));
        }
        Assert.Equal(expected.Count, table.Count);
        for (int i = 0; i < 20_000; i++)
        {
            (int, int) key = (random.Next(300), random.Next(300) << random.Next(22));
            Assert.Equal(expected.GetValueOrDefault(key, -1), table.Find(key.Item1, key.Item2));
        }
    }

    [Fact]
    public void A_memo_gives_back_what_it_took_or_nothing()
    {
        Random random = new(3);
        PairMemo memo = new();
        Assert.False(memo.TryFind(0, 0, out _));
        int known = 0;
        for (int i = 0; i < 50_000; i++)
        {
            (int left, int right) = (random.Next(120), random.Next(120) << random.Next(24));
            // Two of three pairs merge to nothing.
            int expected = (left + right) % 3 == 0 ? left ^ right : -1;
            if (memo.TryFind(left, right, out int merged))
            {
                Assert.Equal(expected, merged);
                known++;
            }
            memo.Add(left, right, expected);
            Assert.True(memo.TryFind(left, right, out merged) && merged == expected);
        }
        Assert.InRange(known, 1000, 49_999);
    }

    private static List<int> Merge(int[] word, PairTable table, Counter counter)
    {
        MergeList list = new();
        foreach (int id in word)
            list.Add(id, 1);
        list.Merge(new Rule(table, counter));
        List<int> result = [];
        for (int i = list.First; i >= 0; i = list.Next(i))
            result.Add(list.Id(i));
        return result;
    }

    private static List<int> Naive(List<int> word, PairTable table)
    {
        while (true)
        {
            int best = -1;
            long rank = long.MaxValue;
            for (int i = 0; i + 1 < word.Count; i++)
                if (table.Find(word[i], word[i + 1]) is >= 0 and long found && found >> 32 < rank)
                    (best, rank) = (i, found >> 32);
            if (best < 0)
                return word;
            word[best] = (int)table.Find(word[best], word[best + 1]);
            word.RemoveAt(best + 1);
        }
    }

    private sealed class Counter
    {
        public int Calls;
    }

    private readonly struct Rule(PairTable table, Counter counter) : IMergeRule
    {
        public bool TryMerge(int left, int right, int start, int end, out uint priority, out int merged)
        {
            counter.Calls++;
            long found = table.Find(left, right);
            (priority, merged) = ((uint)(found >> 32), (int)found);
            return found >= 0;
        }
    }
}
