namespace Tessera.Engine.Blocks;

/// <summary>One cache group's blocks: reference counts, the free ones, and those that only the prefix cache keeps, least recently used first. All operations but growing and trimming are O(1).</summary>
internal sealed class BlockStore(PrefixTree tree, int group)
{
    private const int None = -1;
    private int[] _references = [];
    private int[] _nodes = [];
    private int[] _previous = [];
    private int[] _next = [];
    private int[] _free = [];
    private int _oldest = None;
    private int _newest = None;

    /// <summary>The blocks that there are.</summary>
    public int Count { get; private set; }

    /// <summary>The blocks that nobody holds.</summary>
    public int Free { get; private set; }

    /// <summary>The blocks that no sequence holds and the prefix cache keeps.</summary>
    public int Cached { get; private set; }

    /// <summary>The blocks that sequences hold.</summary>
    public int Used => Count - Free - Cached;

    /// <summary>How many sequences hold a block.</summary>
    public int References(int block) => _references[block];

    /// <summary>The prefix node whose contents a block holds, or −1.</summary>
    public int Node(int block) => _nodes[block];

    /// <summary>Takes a block: a free one, else the one that the cache has not used for longest. One of either must be there.</summary>
    public int Take()
    {
        if (Free == 0)
            Forget(_oldest);
        int block = _free[--Free];
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
            _free[Free++] = block;
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
            _free[Free++] = block;
        }
        tree.Drop(node);
    }

    /// <summary>The highest-numbered blocks that no sequence holds.</summary>
    public int Surplus()
    {
        int keep = Count;
        while (keep > 0 && _references[keep - 1] == 0)
            keep--;
        return Count - keep;
    }

    /// <summary>Takes the highest-numbered blocks away, which no sequence holds.</summary>
    public void Remove(int blocks)
    {
        int left = Count - blocks;
        for (int block = left; block < Count; block++)
            Forget(block);
        int kept = 0;
        for (int i = 0; i < Free; i++)
            if (_free[i] < left)
                _free[kept++] = _free[i];
        Free = kept;
        Count = left;
    }

    /// <summary>Adds free blocks with the next higher numbers.</summary>
    public void Add(int blocks)
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
            _free[Free++] = block;
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
