namespace Tessera.Tokenizers.Common.Matching;

/// <summary>A set of byte strings that a text is walked along, byte by byte. Node 0 is the root. Immutable.</summary>
/// <remarks>Nodes are in breadth-first order, so a node's children and their labels lie side by side.</remarks>
public sealed class ByteTrie
{
    private readonly byte[] _labels;
    private readonly int[] _firstChild;
    private readonly int[] _tokens;

    private ByteTrie(byte[] labels, int[] firstChild, int[] tokens) => (_labels, _firstChild, _tokens) = (labels, firstChild, tokens);

    /// <summary>The number of nodes.</summary>
    public int Count => _tokens.Length;

    /// <summary>The node after one, or −1.</summary>
    public int Step(int node, byte value)
    {
        StepCounter.Add();
        int first = _firstChild[node];
        int found = _labels.AsSpan(first, _firstChild[node + 1] - first).IndexOf(value);
        return found < 0 ? -1 : first + found;
    }

    /// <summary>The token that ends at a node, or −1.</summary>
    public int Token(int node) => _tokens[node];

    /// <summary>The longest token at the start of a text, and its length; −1 and 0 where there is none.</summary>
    public (int Token, int Length) Longest(ReadOnlySpan<byte> text)
    {
        (int token, int length) = (-1, 0);
        int node = 0;
        for (int i = 0; i < text.Length; i++)
        {
            node = Step(node, text[i]);
            if (node < 0)
                break;
            if (_tokens[node] >= 0)
                (token, length) = (_tokens[node], i + 1);
        }
        return (token, length);
    }

    /// <summary>Indexes the pieces that a filter lets through; of two that are alike the lowest id stays, empty ones are left out.</summary>
    /// <param name="count">The number of pieces.</param>
    /// <param name="piece">The bytes of a piece.</param>
    /// <param name="include">Whether a piece takes part.</param>
    public static ByteTrie Build(int count, Func<int, ReadOnlyMemory<byte>> piece, Func<int, bool> include)
    {
        List<(ReadOnlyMemory<byte> Piece, int Id)> sorted = [];
        for (int id = 0; id < count; id++)
            if (include(id) && piece(id) is { IsEmpty: false } bytes)
                sorted.Add((bytes, id));
        sorted.Sort(static (a, b) => a.Piece.Span.SequenceCompareTo(b.Piece.Span) is not 0 and int order ? order : a.Id.CompareTo(b.Id));

        List<byte> labels = [0];
        List<int> firstChild = [];
        List<int> tokens = [-1];
        // One entry a node, in the order of nodes: its range of sorted pieces and its depth.
        Queue<(int From, int To, int Depth)> open = new([(0, sorted.Count, 0)]);
        while (open.TryDequeue(out (int From, int To, int Depth) node))
        {
            firstChild.Add(labels.Count);
            int at = node.From;
            while (at < node.To && sorted[at].Piece.Length == node.Depth)
                at++;
            while (at < node.To)
            {
                byte label = sorted[at].Piece.Span[node.Depth];
                int end = at + 1;
                while (end < node.To && sorted[end].Piece.Span[node.Depth] == label)
                    end++;
                labels.Add(label);
                tokens.Add(sorted[at].Piece.Length == node.Depth + 1 ? sorted[at].Id : -1);
                open.Enqueue((at, end, node.Depth + 1));
                at = end;
            }
        }
        firstChild.Add(labels.Count);
        return new ByteTrie([.. labels], [.. firstChild], [.. tokens]);
    }
}
