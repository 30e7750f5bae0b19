namespace Tessera.Tokenizers.Common.Unigram;

/// <summary>The working set of one search: the best way to each byte of a text. Reused from text to text by one thread at a time.</summary>
public sealed class Lattice
{
    /// <summary>The token of a character that no piece covers.</summary>
    public const int Unknown = -1;

    private Node[] _nodes = new Node[256];
    private Piece[] _pieces = new Piece[256];
    private int _count;

    /// <summary>The bytes that there is memory for.</summary>
    public int Capacity => _nodes.Length;

    /// <summary>The pieces of the last search, first to last.</summary>
    public ReadOnlySpan<Piece> Pieces => _pieces.AsSpan(_pieces.Length - _count);

    internal Span<Node> Start(int length)
    {
        if (_nodes.Length <= length)
            _nodes = new Node[Math.Max(length + 1L, Math.Min(_nodes.Length * 2L, Array.MaxLength))];
        Span<Node> nodes = _nodes.AsSpan(0, length + 1);
        nodes.Fill(new Node(0, -1, Unknown));
        return nodes;
    }

    internal int Trace(int length)
    {
        _count = 0;
        for (int at = length; at > 0; at = _nodes[at].From)
        {
            if (_count == _pieces.Length)
            {
                var larger = new Piece[_pieces.Length * 2];
                _pieces.CopyTo(larger, _pieces.Length);
                _pieces = larger;
            }
            _pieces[_pieces.Length - ++_count] = new Piece(_nodes[at].Token, _nodes[at].From, at);
        }
        return _count;
    }

    internal readonly record struct Node(double Score, int From, int Token);

    /// <summary>A piece of a cover: its token or <see cref="Unknown"/>, where it starts and where it ends.</summary>
    public readonly record struct Piece(int Token, int Start, int End);
}
