using System.Numerics;

namespace Tessera.Engine.Blocks;

/// <summary>
/// The contents of full blocks as a tree, found by a hash that is chained over the parents. A node is one block's tokens after its parent's; a root stands for a <c>cache_salt</c> and a class of rotations (<see cref="RotationClasses"/>).
/// A hit compares parent and tokens, so that equal hashes share nothing. A node lives while a block holds it, a sequence ends at it or a child follows it. One tree belongs to one composition, and so does all that it finds.
/// </summary>
internal sealed class PrefixTree
{
    private const int None = -1;
    private readonly int _blockTokens;
    private readonly int _groups;
    private readonly ulong _key = (ulong)Random.Shared.NextInt64();
    private int[] _parents = [];
    private int[] _references = [];
    private int[] _nextInBucket = [];
    private ulong[] _hashes = [];
    private string?[] _salts = [];
    private int[] _rotations = [];
    private int[] _tokens = [];
    private int[] _blocks = [];
    private int[] _buckets = [];
    private int _free = None;

    /// <summary>Makes an empty tree.</summary>
    public PrefixTree(int blockTokens, int groups)
    {
        _blockTokens = blockTokens;
        _groups = groups;
        Reserve(64);
    }

    /// <summary>The nodes that live.</summary>
    public int Count { get; private set; }

    /// <summary>Makes room for so many nodes.</summary>
    public void Reserve(int nodes)
    {
        int old = _parents.Length;
        if (nodes <= old)
            return;
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)nodes);
        Array.Resize(ref _parents, size);
        Array.Resize(ref _references, size);
        Array.Resize(ref _nextInBucket, size);
        Array.Resize(ref _hashes, size);
        Array.Resize(ref _salts, size);
        Array.Resize(ref _rotations, size);
        Array.Resize(ref _tokens, size * _blockTokens);
        Array.Resize(ref _blocks, size * _groups);
        _buckets = new int[size];
        Array.Fill(_buckets, None);
        for (int node = 0; node < old; node++)
            if (_references[node] != None)
                Link(node);
        for (int node = size - 1; node >= old; node--)
            Recycle(node);
    }

    /// <summary>The root of a salt and a class of rotations, with a reference for the caller.</summary>
    public int Root(string? salt, int rotation = 0)
    {
        ulong hash = _key;
        foreach (char c in salt ?? "")
            hash = Mix(hash ^ c);
        hash = Mix(hash ^ (salt is null ? 0UL : 1UL));
        hash = Mix(hash ^ (uint)rotation);
        for (int node = _buckets[Bucket(hash)]; node != None; node = _nextInBucket[node])
            if (_hashes[node] == hash && _parents[node] == None && _salts[node] == salt && _rotations[node] == rotation)
            {
                _references[node]++;
                return node;
            }
        int root = New(None, hash, salt);
        _rotations[root] = rotation;
        _references[root] = 1;
        return root;
    }

    /// <summary>The node of a block's tokens after a parent, or −1.</summary>
    public int Find(int parent, ReadOnlySpan<int> tokens)
    {
        ulong hash = Hash(parent, tokens);
        for (int node = _buckets[Bucket(hash)]; node != None; node = _nextInBucket[node])
            if (_hashes[node] == hash && _parents[node] == parent && Tokens(node).SequenceEqual(tokens))
                return node;
        return None;
    }

    /// <summary>Adds the node of a block's tokens after a parent, with a reference for the caller.</summary>
    public int Add(int parent, ReadOnlySpan<int> tokens)
    {
        int node = New(parent, Hash(parent, tokens), null);
        tokens.CopyTo(Tokens(node));
        _references[parent]++;
        _references[node] = 1;
        return node;
    }

    /// <summary>The block that holds a node's contents in each group, −1 where none does.</summary>
    public Span<int> Blocks(int node) => _blocks.AsSpan(node * _groups, _groups);

    /// <summary>Adds a reference.</summary>
    public void Hold(int node) => _references[node]++;

    /// <summary>Takes a reference away; the last one frees the node, and so on up.</summary>
    public void Drop(int node)
    {
        while (node != None && --_references[node] == 0)
        {
            int parent = _parents[node];
            Unlink(node);
            _salts[node] = null;
            Recycle(node);
            Count--;
            node = parent;
        }
    }

    private Span<int> Tokens(int node) => _tokens.AsSpan(node * _blockTokens, _blockTokens);

    private int New(int parent, ulong hash, string? salt)
    {
        if (_free == None)
            Reserve(_parents.Length * 2);
        int node = _free;
        _free = _nextInBucket[node];
        _parents[node] = parent;
        _hashes[node] = hash;
        _salts[node] = salt;
        _references[node] = 0;
        Blocks(node).Fill(None);
        Link(node);
        Count++;
        return node;
    }

    private void Recycle(int node)
    {
        _references[node] = None;
        _nextInBucket[node] = _free;
        _free = node;
    }

    private void Link(int node)
    {
        ref int bucket = ref _buckets[Bucket(_hashes[node])];
        _nextInBucket[node] = bucket;
        bucket = node;
    }

    private void Unlink(int node)
    {
        ref int link = ref _buckets[Bucket(_hashes[node])];
        while (link != node)
            link = ref _nextInBucket[link];
        link = _nextInBucket[node];
    }

    private int Bucket(ulong hash) => (int)(hash & (ulong)(_buckets.Length - 1));

    private ulong Hash(int parent, ReadOnlySpan<int> tokens)
    {
        ulong hash = _hashes[parent];
        foreach (int token in tokens)
            hash = Mix(hash ^ (uint)token);
        return hash;
    }

    private static ulong Mix(ulong z)
    {
        z = (z + 0x9E3779B97F4A7C15) * 0xBF58476D1CE4E5B9;
        return z ^ (z >> 29);
    }
}
