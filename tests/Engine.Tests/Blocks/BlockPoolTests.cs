using Tessera.Conformance.Fakes;
using Tessera.Conformance.Ledger;
using Tessera.Engine.Blocks;

namespace Tessera.Engine.Tests.Blocks;

public sealed unsafe class BlockPoolTests : IDisposable
{
    private const int BlockTokens = 4;
    private const int Slots = 8;
    private readonly RuntimeLimits _limits = new() { MaxRows = 64, MaxOutputs = 64, MaxSequences = Slots, MaxContext = 80, BlockTokens = BlockTokens };
    private readonly List<IDisposable> _made = [];
    private IModelRuntime _runtime = null!;
    private Batch _batch = null!;

    [Fact]
    public void Running_out_is_a_return_value_and_changes_nothing()
    {
        BlockPool pool = Pool(3);
        BlockTable table = new(_batch, 0);
        pool.Open(table, [1, 2, 3], null);
        Assert.True(pool.TryExtend(table, 0, 9, _batch));
        Assert.False(pool.TryExtend(table, 9, 13, _batch));
        Assert.Equal((3, 3, 0), (table.Count, pool.Stores[0].Used, pool.Stores[0].Free));
        pool.Close(table);
        Assert.Equal((0, 3), (pool.Stores[0].Used, pool.Stores[0].Free));
    }

    [Fact]
    public void A_fork_copies_the_last_partial_block_when_one_of_both_writes()
    {
        BlockPool pool = Pool(10);
        BlockTable first = new(_batch, 0), second = new(_batch, 1);
        int[] tokens = [1, 2, 3, 4, 5, 6];
        pool.Open(first, tokens, null);
        pool.TryExtend(first, 0, 6, _batch);
        pool.Commit(first, tokens, 6);
        pool.Fork(first, second);
        Assert.Equal(2, pool.Stores[0].Used);
        Assert.True(pool.TryExtend(second, 6, 7, _batch));
        Assert.Equal(1, _batch.CopyCount);
        Assert.Equal(new BlockCopy(0, first.Blocks(0)[1], second.Blocks(0)[1]), _batch.Copies[0]);
        Assert.Equal(first.Blocks(0)[0], second.Blocks(0)[0]);
        Assert.True(pool.TryExtend(first, 6, 7, _batch));
        Assert.Equal(1, _batch.CopyCount);
        pool.Close(first);
        pool.Close(second);
        Assert.Equal(0, pool.Stores[0].Used);
    }

    [Fact]
    public void The_least_recently_used_leaf_is_evicted_first()
    {
        BlockPool pool = Pool(4);
        int[] old = Compute(pool, [1, 2, 3, 4, 5, 6, 7, 8, 9], 8), recent = Compute(pool, [21, 22, 23, 24, 25, 26, 27, 28, 29], 8);
        Assert.Equal(4, pool.Stores[0].Cached);
        Compute(pool, [31, 32, 33, 34], 4);
        Assert.Equal((4, 8), (Hit(pool, old), Hit(pool, recent)));
    }

    [Fact]
    public void Equal_hashes_with_other_contents_are_no_hits()
    {
        PrefixTree tree = new(1, 1);
        int root = tree.Root(null), other = tree.Root("salt");
        HashSet<int> nodes = [];
        for (int token = 0; token < 3000; token++)
            nodes.Add(tree.Add(root, [token]));
        Assert.Equal(3000, nodes.Count);
        for (int token = 0; token < 3000; token++)
        {
            Assert.Contains(tree.Find(root, [token]), nodes);
            Assert.Equal(-1, tree.Find(other, [token]));
            Assert.Equal(-1, tree.Find(root, [token + 3000]));
        }
        foreach (int node in nodes)
            tree.Drop(node);
        Assert.Equal(2, tree.Count);
        tree.Drop(root);
        tree.Drop(other);
        Assert.Equal(0, tree.Count);
    }

    [Fact]
    public void Planned_lengths_are_of_one_class_exactly_where_no_rotation_differs()
    {
        RopeTable plain = new(RopePairing.Halves, [1], 1);
        RopeTable[][] graphs =
        [
            [plain],
            [plain, plain with { Long = new LongRope(5, [1], 1) }],
            [plain with { Long = new LongRope(5, [1], 1) }, plain with { Long = new LongRope(9, [1], 1) }],
            [plain with { Stretch = new RopeStretch(10, 2, 7) }, plain with { Long = new LongRope(3, [1], 1) }, plain with { Stretch = new RopeStretch(10, 2, 12) }],
            [plain with { Stretch = new RopeStretch(10, 2, 7), Long = new LongRope(10, [1], 1) }],
        ];
        foreach (RopeTable[] tables in graphs)
        {
            GraphValue value = new(0, "x", 2);
            RotationClasses classes = new(new ModelGraph
            {
                Nodes = [.. tables.Select((t, i) => new RopeNode($"rope {i}", value, value, 1, 2, t))],
                CacheGroups = [],
                VocabularySize = 1,
                Hidden = value,
                Logits = null,
            });
            for (int one = 0; one < 20; one++)
                for (int other = 0; other < 20; other++)
                    Assert.Equal(tables.Any(t => t.Differs(one, other)), classes.Of(one) != classes.Of(other));
        }
    }

    [Fact]
    public void Groups_that_share_a_budget_grow_together()
    {
        BlockPool pool = Pool(20, 0, 0);
        BlockTable table = new(_batch, 0);
        pool.Open(table, [1], null);
        Assert.True(pool.TryExtend(table, 0, 40, _batch));
        Assert.Equal((10, 10), (pool.Stores[0].Count, pool.Stores[1].Count));
        Assert.False(pool.TryExtend(table, 40, 41, _batch));
        pool.Close(table);
        Assert.Equal(20, pool.Trim());
        Assert.Equal((0, 0), (pool.Stores[0].Count, pool.Stores[1].Count));
    }

    [Theory]
    [InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(6)]
    public void Random_use_agrees_with_a_simple_model_and_leaks_nothing(int seed)
    {
        Random random = new(seed);
        int[] windows = seed % 3 == 0 ? [0, 10] : seed % 3 == 1 ? [0] : [7];
        BlockPool pool = Pool(14 * windows.Length, windows);
        BlockTable[] tables = [.. Enumerable.Range(0, Slots).Select(slot => new BlockTable(_batch, slot))];
        List<int>?[] sequences = new List<int>?[Slots];
        // What each block of each group holds, as a runtime would have been told to write it.
        Dictionary<(int Group, int Block), int[]> memory = [];
        int hits = 0, refusals = 0;
        for (int round = 0; round < 4000; round++)
        {
            pool.BeginStep();
            int slot = random.Next(Slots);
            BlockTable table = tables[slot];
            _batch.Clear();
            if (sequences[slot] is not List<int> tokens)
            {
                int[] prompt = [.. Enumerable.Range(0, random.Next(1, 30)).Select(i => i / 8 * 100 + random.Next(i % 8 == 0 ? 2 : 1))];
                int found = pool.Open(table, prompt, null);
                Assert.True(found < prompt.Length);
                hits += found;
                sequences[slot] = [.. prompt[..found]];
            }
            else if (random.Next(8) == 0)
            {
                pool.Close(table);
                sequences[slot] = null;
            }
            else if (random.Next(8) == 0 && Array.IndexOf(sequences, null) is >= 0 and int free)
            {
                pool.Fork(table, tables[free]);
                sequences[free] = [.. tokens];
            }
            else
            {
                int rows = Math.Min(random.Next(1, 7), _limits.MaxContext - tokens.Count), accepted = random.Next(1, rows + 1);
                if (rows == 0)
                    continue;
                if (!pool.TryExtend(table, tokens.Count, tokens.Count + rows, _batch))
                {
                    refusals++;
                    continue;
                }
                for (int i = 0; i < _batch.CopyCount; i++)
                    memory[(_batch.Copies[i].Group, _batch.Copies[i].Destination)] = [.. memory[(_batch.Copies[i].Group, _batch.Copies[i].Source)]];
                for (int row = 0; row < rows; row++)
                {
                    int index = tokens.Count;
                    tokens.Add(index / 8 * 100 + random.Next(2));
                    for (int g = 0; g < windows.Length; g++)
                    {
                        int block = table.Blocks(g)[index / BlockTokens];
                        if (!memory.TryGetValue((g, block), out int[]? content))
                            memory[(g, block)] = content = new int[BlockTokens];
                        content[index % BlockTokens] = tokens[index];
                    }
                }
                tokens.RemoveRange(tokens.Count - rows + accepted, rows - accepted);
                pool.Commit(table, tokens.ToArray(), tokens.Count);
            }
            Check(pool, windows, tables, sequences, memory);
        }
        Assert.True(hits > 100 && refusals > 100, $"{hits} tokens found, {refusals} refusals");
        for (int slot = 0; slot < Slots; slot++)
            if (sequences[slot] is not null)
                pool.Close(tables[slot]);
        int blocks = 0;
        foreach (BlockStore store in pool.Stores)
        {
            Assert.Equal((0, store.Count), (store.Used, store.Free + store.Cached));
            blocks += store.Count;
        }
        Assert.Equal(blocks, pool.Trim());
        Assert.Equal(0, pool.Nodes);
    }

    private static void Check(BlockPool pool, int[] windows, BlockTable[] tables, List<int>?[] sequences, Dictionary<(int Group, int Block), int[]> memory)
    {
        for (int g = 0; g < windows.Length; g++)
        {
            BlockStore store = pool.Stores[g];
            int[] holders = new int[store.Count];
            for (int slot = 0; slot < Slots; slot++)
            {
                if (sequences[slot] is not List<int> tokens)
                    continue;
                Assert.Equal((tokens.Count + BlockTokens - 1) / BlockTokens, tables[slot].Count);
                for (int i = tables[slot].First(g); i < tables[slot].Count; i++)
                    holders[tables[slot].Blocks(g)[i]]++;
                for (int i = windows[g] == 0 ? 0 : Math.Max(0, tokens.Count - windows[g] + 1); i < tokens.Count; i++)
                    Assert.Equal(tokens[i], memory[(g, tables[slot].Blocks(g)[i / BlockTokens])][i % BlockTokens]);
            }
            for (int block = 0; block < store.Count; block++)
                Assert.Equal(holders[block], store.References(block));
            Assert.Equal(holders.Count(h => h > 0), store.Used);
            Assert.Equal(store.Count, store.Used + store.Free + store.Cached);
        }
    }

    private int[] Compute(BlockPool pool, int[] tokens, int computed)
    {
        BlockTable table = new(_batch, 0);
        int found = pool.Open(table, tokens, null);
        Assert.True(pool.TryExtend(table, found, computed, _batch));
        pool.Commit(table, tokens, computed);
        pool.Close(table);
        return tokens;
    }

    private int Hit(BlockPool pool, int[] tokens)
    {
        BlockTable table = new(_batch, 1);
        int found = pool.Open(table, tokens, null);
        pool.Close(table);
        return found;
    }

    private BlockPool Pool(int blocks, params int[] windows)
    {
        LedgerModel model = new(8, windows.Length == 0 ? [0] : windows);
        _runtime = new LedgerBackend().Build(new BackendRequest
        {
            Graph = model.Graph,
            Limits = _limits,
            Team = new InlineWorkTeam(),
            Quantizations = new QuantizationRegistry(),
            KvBudget = new FixedBudget(blocks * BlockTokens * 2 * sizeof(int)),
        });
        _batch = new Batch(_limits, model.Graph.CacheGroups.Count);
        _made.AddRange([_runtime, _batch]);
        return new BlockPool(_runtime, model.Graph, _limits, caching: true);
    }

    public void Dispose() => _made.ForEach(m => m.Dispose());
}
