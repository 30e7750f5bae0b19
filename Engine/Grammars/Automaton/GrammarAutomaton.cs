namespace Tessera.Engine.Grammars.Automaton;

/// <summary>A compiled grammar: a pushdown automaton over UTF-8 bytes. From every node the end can be reached; there is no left recursion. Immutable.</summary>
internal sealed class GrammarAutomaton
{
    private readonly Node[] _nodes;
    private readonly ByteEdge[] _edges;
    private readonly int[] _targets, _starts;
    private readonly byte[] _classes = new byte[256];
    private readonly byte[] _members;

    public GrammarAutomaton(Node[] nodes, ByteEdge[] edges, int[] targets, int[] starts)
    {
        (_nodes, _edges, _targets, _starts) = (nodes, edges, targets, starts);
        bool[] begins = new bool[257];
        foreach (ByteEdge edge in edges)
            begins[edge.Low] = begins[edge.High + 1] = true;
        List<byte> members = [0];
        for (int value = 1; value < 256; value++)
        {
            if (begins[value])
                members.Add((byte)value);
            _classes[value] = (byte)(members.Count - 1);
        }
        _members = [.. members];
    }

    /// <summary>How many kinds of bytes the grammar tells apart.</summary>
    public int ClassCount => _members.Length;

    /// <summary>A byte's kind.</summary>
    public int ClassOf(byte value) => _classes[value];

    /// <summary>A byte of a kind.</summary>
    public byte Member(int kind) => _members[kind];

    /// <summary>Where a rule begins; the root is rule 0.</summary>
    public int Start(int rule) => _starts[rule];

    public Node this[int node] => _nodes[node];

    public ReadOnlySpan<int> Targets(Node node) => _targets.AsSpan(node.First, node.Count);

    /// <summary>The node after a byte, or −1; the edges of one node do not overlap.</summary>
    public int After(Node node, byte value)
    {
        foreach (ByteEdge edge in _edges.AsSpan(node.First, node.Count))
            if (value >= edge.Low && value <= edge.High)
                return edge.Next;
        return -1;
    }
}
