using System.Runtime.InteropServices;

namespace Tessera.Spec.Decoding.Sources;

/// <summary>A tree of the token sequences of bounded length that stood in some texts, with counts of what followed each. Texts of different classes have different roots.</summary>
/// <param name="depth">The longest sequence.</param>
internal sealed class SuffixTree(int depth)
{
    private const int FirstSize = 4096;

    private readonly Dictionary<string, int> _roots = new(StringComparer.Ordinal);

    // Edges by parent and token: the child's number, from 1; 0 is empty.
    private ulong[] _edges = new ulong[2 * FirstSize];
    private int[] _children = new int[2 * FirstSize];

    // Of a node: how often it was passed on its way to a child, how often on that to the commonest, and that one's token and number.
    private Node[] _nodes = new Node[FirstSize];
    private int _count, _unnamed;

    /// <summary>The tokens that were added since it was empty.</summary>
    public int Tokens { get; private set; }

    /// <summary>The longest sequence.</summary>
    public int Depth => depth;

    /// <summary>Forgets everything, and keeps its memory.</summary>
    public void Clear()
    {
        _roots.Clear();
        Array.Clear(_edges);
        Array.Clear(_children);
        (_count, _unnamed, Tokens) = (0, 0, 0);
    }

    /// <summary>The root of a class; 0 where it has none yet. No name is a class of its own, other than an empty one.</summary>
    public int FindRoot(string? name) => name is null ? _unnamed : _roots.GetValueOrDefault(name);

    /// <summary>Appends a token to a text.</summary>
    /// <param name="name">The text's class.</param>
    /// <param name="path">The nodes of the text's last 1, 2, … tokens, the longest last; 0 where the text is shorter.</param>
    /// <param name="token">The token.</param>
    public void Append(string? name, Span<int> path, int token)
    {
        ref int root = ref name is null ? ref _unnamed : ref CollectionsMarshal.GetValueRefOrAddDefault(_roots, name, out _);
        if (root == 0)
            root = Add();
        for (int i = path.Length - 1; i > 0; i--)
            path[i] = path[i - 1] == 0 ? 0 : Pass(path[i - 1], token);
        path[0] = Pass(root, token);
        Tokens++;
    }

    /// <summary>The node that a token leads to, or 0.</summary>
    public int Child(int node, int token) => _children[Find(_edges, _children, Edge(node, token))];

    /// <summary>The token that follows a node in at least half of all cases, and the node that it leads to; 0 where there is none.</summary>
    public int Next(int node, out int token)
    {
        ref readonly Node n = ref _nodes[node];
        token = n.BestToken;
        return 2 * n.BestCount >= n.Count ? n.Best : 0;
    }

    private int Pass(int parent, int token)
    {
        ulong edge = Edge(parent, token);
        int at = Find(_edges, _children, edge);
        int child = _children[at];
        if (child == 0)
        {
            child = Add();
            if (2 * _count > _edges.Length)
            {
                Grow();
                at = Find(_edges, _children, edge);
            }
            (_edges[at], _children[at]) = (edge, child);
        }
        int passed = ++_nodes[child].Passed;
        ref Node node = ref _nodes[parent];
        node.Count++;
        // The later of equally common ones.
        if (passed >= node.BestCount)
            (node.BestCount, node.BestToken, node.Best) = (passed, token, child);
        return child;
    }

    private int Add()
    {
        if (++_count == _nodes.Length)
            Array.Resize(ref _nodes, _nodes.Length * 2);
        _nodes[_count] = default;
        return _count;
    }

    private void Grow()
    {
        ulong[] edges = new ulong[_edges.Length * 2];
        int[] children = new int[edges.Length];
        for (int i = 0; i < _edges.Length; i++)
        {
            if (_children[i] == 0)
                continue;
            int at = Find(edges, children, _edges[i]);
            (edges[at], children[at]) = (_edges[i], _children[i]);
        }
        (_edges, _children) = (edges, children);
    }

    private static int Find(ulong[] edges, int[] children, ulong edge)
    {
        int mask = edges.Length - 1, at = (int)(edge * 0x9E3779B97F4A7C15 >> 32) & mask;
        while (children[at] != 0 && edges[at] != edge)
            at = (at + 1) & mask;
        return at;
    }

    private static ulong Edge(int node, int token) => (ulong)(uint)node << 32 | (uint)token;

    private struct Node
    {
        public int Passed, Count, BestCount, BestToken, Best;
    }
}
