namespace Tessera.Engine.Blocks;

/// <summary>The KV blocks of a composition, as sequences see them: tables that grow, fork and shrink over the stores of all cache groups, and prompts that begin alike. Used by the step thread only.</summary>
internal sealed class BlockPool
{
    private const int Slab = 64;
    private readonly IModelRuntime _runtime;
    private readonly BlockStore[] _stores;
    private readonly int[] _most;
    private readonly int[] _windows;
    private readonly int[] _runs;
    private readonly int[] _path;
    private readonly PrefixTree _tree;
    private readonly RotationClasses _rotations;
    private readonly int _blockTokens;
    private readonly bool _caching;
    private bool _refused;

    /// <summary>Makes a pool without blocks; it grows through the runtime.</summary>
    /// <param name="runtime">Owns the bytes.</param>
    /// <param name="graph">The graph.</param>
    /// <param name="limits">What the runtime was built for.</param>
    /// <param name="caching">Whether prompts that begin alike share blocks.</param>
    public BlockPool(IModelRuntime runtime, ModelGraph graph, RuntimeLimits limits, bool caching)
    {
        IReadOnlyList<CacheGroup> groups = graph.CacheGroups;
        _rotations = new RotationClasses(graph);
        _blockTokens = limits.BlockTokens;
        _caching = caching;
        _tree = new PrefixTree(_blockTokens, groups.Count);
        int length = (limits.MaxContext + _blockTokens - 1) / _blockTokens;
        _runtime = runtime;
        _stores = new BlockStore[groups.Count];
        _windows = new int[groups.Count];
        _most = new int[groups.Count];
        for (int g = 0; g < groups.Count; g++)
        {
            _stores[g] = new BlockStore(_tree, g);
            _windows[g] = groups[g].Kind == CacheKind.Window ? groups[g].Window : 0;
            int own = _windows[g] == 0 ? length : Math.Min(length, BlocksOf(_windows[g] + limits.MaxRows) + 1);
            _most[g] = (int)Math.Min(int.MaxValue / 2, (long)own * limits.MaxSequences);
        }
        _runs = new int[groups.Count];
        _path = new int[length];
    }

    /// <summary>The stores, one for each group.</summary>
    public ReadOnlySpan<BlockStore> Stores => _stores;

    /// <summary>The prefix nodes that live.</summary>
    public int Nodes => _tree.Count;

    /// <summary>To be called once before a step's calls.</summary>
    public void BeginStep() => _refused = false;

    /// <summary>Whether so many blocks of a group can be taken now. Grows before anything has to be evicted.</summary>
    public bool Ensure(int group, int blocks)
    {
        BlockStore store = _stores[group];
        while (store.Free < blocks && TryGrow(group, blocks - store.Free))
        {
        }
        return store.Free + store.Cached >= blocks;
    }

    /// <summary>Opens a table with the longest cached beginning of a sequence that is valid in every group. The last token is never part of it.</summary>
    /// <param name="table">A closed table.</param>
    /// <param name="tokens">The sequence.</param>
    /// <param name="salt">Sequences of other salts share nothing with it.</param>
    /// <param name="planned">The tokens that it is planned to have at most; those that rotate differently share nothing with it.</param>
    /// <returns>The tokens found.</returns>
    public int Open(BlockTable table, ReadOnlySpan<int> tokens, string? salt, int planned = 0)
    {
        table.PlannedTokens = planned;
        table.Tail = _tree.Root(salt, _rotations.Of(planned));
        int hit = _caching ? LongestHit(table.Tail, tokens) : 0;
        for (int g = 0; g < _stores.Length; g++)
        {
            int first = _windows[g] == 0 ? 0 : Math.Max(0, hit - WindowBlocks(g));
            Span<int> blocks = table.Blocks(g);
            blocks[..first].Fill(-1);
            for (int i = first; i < hit; i++)
            {
                blocks[i] = _tree.Blocks(_path[i])[g];
                _stores[g].Hold(blocks[i]);
            }
            table.First(g) = first;
        }
        if (hit > 0)
        {
            _tree.Hold(_path[hit - 1]);
            _tree.Drop(table.Tail);
            table.Tail = _path[hit - 1];
        }
        table.Count = table.Registered = hit;
        return hit * _blockTokens;
    }

    /// <summary>Makes cache indices writable: appends blocks, and copies the first one if another sequence holds it too.</summary>
    /// <param name="table">The table.</param>
    /// <param name="from">The first index that will be written; those before are.</param>
    /// <param name="to">The end.</param>
    /// <param name="batch">Takes the copies.</param>
    /// <returns>False: out of blocks; nothing changed.</returns>
    public unsafe bool TryExtend(BlockTable table, int from, int to, Batch batch)
    {
        int count = Math.Max(table.Count, BlocksOf(to));
        int shared = from / _blockTokens;
        for (int g = 0; g < _stores.Length; g++)
            if (!Ensure(g, count - table.Count + (IsShared(table, g, shared) ? 1 : 0)))
                return false;
        for (int g = 0; g < _stores.Length; g++)
        {
            Span<int> blocks = table.Blocks(g);
            if (IsShared(table, g, shared))
            {
                int copy = _stores[g].Take();
                batch.Copies[batch.CopyCount++] = new BlockCopy(g, blocks[shared], copy);
                _stores[g].Drop(blocks[shared]);
                blocks[shared] = copy;
            }
            for (int i = table.Count; i < count; i++)
                blocks[i] = _stores[g].Take();
        }
        table.Count = count;
        return true;
    }

    /// <summary>Takes note that a sequence's first tokens are computed and accepted: full blocks become findable, and those that a window has passed are given back, as are those beyond.</summary>
    public void Commit(BlockTable table, ReadOnlySpan<int> tokens, int computed)
    {
        while (_caching && (table.Registered + 1) * _blockTokens <= computed)
            Register(table, tokens.Slice(table.Registered * _blockTokens, _blockTokens));
        int count = BlocksOf(computed);
        for (int g = 0; g < _stores.Length; g++)
        {
            Span<int> blocks = table.Blocks(g);
            for (int i = table.Count - 1; i >= count; i--)
                _stores[g].Drop(blocks[i]);
            int passed = _windows[g] == 0 ? 0 : Math.Max(0, computed - _windows[g] + 1) / _blockTokens;
            ref int first = ref table.First(g);
            for (; first < passed; first++)
            {
                _stores[g].Drop(blocks[first]);
                blocks[first] = -1;
            }
        }
        table.Count = count;
    }

    /// <summary>Opens a table that shares all blocks of another.</summary>
    public void Fork(BlockTable source, BlockTable destination)
    {
        for (int g = 0; g < _stores.Length; g++)
        {
            int first = source.First(g);
            Span<int> blocks = destination.Blocks(g);
            source.Blocks(g)[..source.Count].CopyTo(blocks);
            for (int i = first; i < source.Count; i++)
                _stores[g].Hold(blocks[i]);
            destination.First(g) = first;
        }
        _tree.Hold(source.Tail);
        (destination.Count, destination.Registered, destination.Tail, destination.PlannedTokens) = (source.Count, source.Registered, source.Tail, source.PlannedTokens);
    }

    /// <summary>Closes a table and gives its blocks back, the last ones first: they are the first to be evicted.</summary>
    public void Close(BlockTable table)
    {
        for (int g = 0; g < _stores.Length; g++)
        {
            Span<int> blocks = table.Blocks(g);
            for (int i = table.Count - 1; i >= table.First(g); i--)
                _stores[g].Drop(blocks[i]);
            table.First(g) = 0;
        }
        _tree.Drop(table.Tail);
        (table.Count, table.Registered, table.Tail) = (0, 0, -1);
    }

    /// <summary>Takes a table's blocks out of the prefix cache: what they hold is not to be trusted.</summary>
    public void Forget(BlockTable table)
    {
        for (int g = 0; g < _stores.Length; g++)
            for (int i = table.First(g); i < table.Count; i++)
                _stores[g].Forget(table.Blocks(g)[i]);
    }

    /// <summary>Gives surplus memory back to the runtime's budget: whole slabs, and all when nothing is held.</summary>
    /// <returns>The blocks given back.</returns>
    public int Trim()
    {
        int blocks = 0;
        for (int g = 0; g < _stores.Length; g++)
        {
            int surplus = _stores[g].Surplus();
            if (surplus < _stores[g].Count)
                surplus = surplus / Slab * Slab;
            if (surplus == 0)
                continue;
            _stores[g].Remove(surplus);
            _runtime.Shrink(g, surplus);
            blocks += surplus;
        }
        return blocks;
    }

    /// <summary>The blocks that a group needs beyond a table's to hold so many tokens, computed in chunks.</summary>
    public int Missing(int group, BlockTable table, int tokens, int chunk)
    {
        int missing = Math.Max(0, BlocksOf(tokens) - table.Count);
        return _windows[group] == 0 ? missing : Math.Min(missing, BlocksOf(_windows[group] + chunk) + 1);
    }

    /// <summary>Adds blocks to a group, and to those that have fewer: groups share the budget, and none may take what another needs to hold the same tokens.</summary>
    private bool TryGrow(int group, int wanted)
    {
        if (_refused || _stores[group].Count >= _most[group])
            return false;
        for (int size = Math.Max(Slab, wanted); size >= 1; size = size > 8 ? 8 : size / 8)
            if (TryGrowTo(_stores[group].Count + size))
                return true;
        _refused = true;
        return false;
    }

    private bool TryGrowTo(int level)
    {
        for (int g = 0; g < _stores.Length; g++)
        {
            if (_runtime.TryGrow(g, Growth(g, level)))
                continue;
            while (--g >= 0)
                _runtime.Shrink(g, Growth(g, level));
            return false;
        }
        for (int g = 0; g < _stores.Length; g++)
            _stores[g].Add(Growth(g, level));
        return true;
    }

    private int Growth(int group, int level) => Math.Max(0, Math.Min(level, _most[group]) - _stores[group].Count);

    private int BlocksOf(int tokens) => (tokens + _blockTokens - 1) / _blockTokens;

    private int WindowBlocks(int group) => BlocksOf(_windows[group] - 1);

    private bool IsShared(BlockTable table, int group, int index)
        => index < table.Count && _stores[group].References(table.Blocks(group)[index]) > 1;

    private void Register(BlockTable table, ReadOnlySpan<int> tokens)
    {
        int node = _tree.Find(table.Tail, tokens);
        if (node >= 0)
            _tree.Hold(node);
        else
            node = _tree.Add(table.Tail, tokens);
        _tree.Drop(table.Tail);
        table.Tail = node;
        int index = table.Registered++;
        for (int g = 0; g < _stores.Length; g++)
        {
            int block = table.Blocks(g)[index];
            if (index >= table.First(g) && _tree.Blocks(node)[g] < 0 && _stores[g].Node(block) < 0)
                _stores[g].Attach(block, node);
        }
    }

    /// <summary>Walks down the tree; the path is left in <see cref="_path"/>.</summary>
    private int LongestHit(int root, ReadOnlySpan<int> tokens)
    {
        Array.Clear(_runs);
        int best = 0, node = root;
        int most = Math.Min(_path.Length, (tokens.Length - 1) / _blockTokens);
        for (int i = 0; i < most; i++)
        {
            node = _tree.Find(node, tokens.Slice(i * _blockTokens, _blockTokens));
            if (node < 0)
                break;
            _path[i] = node;
            bool valid = true;
            for (int g = 0; g < _stores.Length; g++)
            {
                _runs[g] = _tree.Blocks(node)[g] < 0 ? 0 : _runs[g] + 1;
                if (_windows[g] == 0 && _runs[g] == 0)
                    return best;
                valid &= _runs[g] >= (_windows[g] == 0 ? i + 1 : Math.Min(i + 1, WindowBlocks(g)));
            }
            if (valid)
                best = i + 1;
        }
        return best;
    }
}
