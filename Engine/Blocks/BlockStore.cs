namespace Tessera.Engine.Blocks;

/// <summary>One cache group's blocks: reference counts, the free ones, and those that only the prefix cache keeps, least recently used first. All operations are O(1); arrays grow with the blocks.</summary>
internal sealed class BlockStore(IModelRuntime runtime, PrefixTree tree, int group, int mostBlocks)
{
    private const int None = -1;
    private const int Slab = 64;
    private int[] _references = [];
    private int[] _nodes = [];
    private int[] _previous = [];
    private int[] _next = [];
    private int[] _free = [];
    private int _freeCount;
    private int _oldest = None;
    private int _newest = None;
    private bool _refused;

    /// <summary>The blocks that there are.</summary>
    public int Count { get; private set; }

    /// <summary>The blocks that no sequence holds and the prefix cache keeps.</summary>
    public int Cached { get; private set; }

    /// <summary>The blocks that sequences hold.</summary>
    public int Used => Count - _freeCount - Cached;

    /// <summary>How many sequences hold a block.</summary>
    public int References(int block) => _references[block];

    /// <summary>The prefix node whose contents a block holds, or −1.</summary>
    public int Node(int block) => _nodes[block];

    /// <summary>Lets the runtime be asked for memory again after it refused.</summary>
    public void BeginStep() => _refused = false;

    /// <summary>Whether so many blocks can be taken now; grows if they cannot yet.</summary>
    public bool Ensure(int blocks)
    {
        while (_freeCount + Cached < blocks)
            if (!Grow(blocks - _freeCount - Cached))
                return false;
        return true;
    }

    /// <summary>Takes a block: a free one, else a new one, else the one that the cache has not used for longest. −1: out of blocks.</summary>
    public int Take()
    {
        if (_freeCount == 0 && !Grow(1))
        {
            if (_oldest == None)
                return None;
            Forget(_oldest);
        }
        int block = _free[--_freeCount];
        _references[block] = 1;
        return block;
    }

    /// <summary>Adds a holder.</summary>
    public void Hold(int block)
    {
        if (_references[block]++ == 0)
            Unlink(block);
    }

    /// <summary>Takes a holder away.</summary>
    public void Drop(int block)
    {
        if (--_references[block] > 0)
            return;
        if (_nodes[block] == None)
            _free[_freeCount++] = block;
        else
            Link(block);
    }

    /// <summary>Makes a held block the one that holds a node's contents.</summary>
    public void Attach(int block, int node)
    {
        _nodes[block] = node;
        tree.Blocks(node)[group] = block;
        tree.Hold(node);
    }

    /// <summary>Takes a block out of the prefix cache; it is free if no sequence holds it.</summary>
    public void Forget(int block)
    {
        int node = _nodes[block];
        if (node == None)
            return;
        _nodes[block] = None;
        tree.Blocks(node)[group] = None;
        if (_references[block] == 0)
        {
            Unlink(block);
            _free[_freeCount++] = block;
        }
        tree.Drop(node);
    }

    /// <summary>Gives the highest-numbered blocks that no sequence holds back to the runtime, whole slabs only unless all are.</summary>
    /// <returns>The blocks given back.</returns>
    public int Trim()
    {
        int keep = Count;
        while (keep > 0 && _references[keep - 1] == 0)
            keep--;
        int surplus = keep == 0 ? Count : (Count - keep) / Slab * Slab;
        if (surplus == 0)
            return 0;
        int left = Count - surplus;
        for (int block = left; block < Count; block++)
            Forget(block);
        int kept = 0;
        for (int i = 0; i < _freeCount; i++)
            if (_free[i] < left)
                _free[kept++] = _free[i];
        _freeCount = kept;
        Count = left;
        runtime.Shrink(group, surplus);
        return surplus;
    }

    private bool Grow(int wanted)
    {
        if (_refused)
            return false;
        for (int size = Slab; size >= 1; size /= 8)
        {
            int blocks = Math.Min(Math.Max(size, size == Slab ? wanted : 1), mostBlocks - Count);
            if (blocks > 0 && runtime.TryGrow(group, blocks))
            {
                Add(blocks);
                return true;
            }
        }
        _refused = true;
        return false;
    }

    private void Add(int blocks)
    {
        int count = Count + blocks;
        if (count > _references.Length)
        {
            int size = Math.Max(count, _references.Length * 2);
            Array.Resize(ref _references, size);
            Array.Resize(ref _nodes, size);
            Array.Resize(ref _previous, size);
            Array.Resize(ref _next, size);
            Array.Resize(ref _free, size);
            tree.Reserve(size);
        }
        for (int block = count - 1; block >= Count; block--)
        {
            _references[block] = 0;
            _nodes[block] = None;
            _free[_freeCount++] = block;
        }
        Count = count;
    }

    private void Link(int block)
    {
        _previous[block] = _newest;
        _next[block] = None;
        if (_newest == None)
            _oldest = block;
        else
            _next[_newest] = block;
        _newest = block;
        Cached++;
    }

    private void Unlink(int block)
    {
        int previous = _previous[block], next = _next[block];
        if (previous == None)
            _oldest = next;
        else
            _next[previous] = next;
        if (next == None)
            _newest = previous;
        else
            _previous[next] = previous;
        Cached--;
    }
}
