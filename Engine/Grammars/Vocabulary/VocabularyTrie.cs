using Tessera.Engine.Grammars.Automaton;

namespace Tessera.Engine.Grammars.Vocabulary;

/// <summary>The texts of a vocabulary's tokens as a tree by their bytes, to find all that a grammar allows in one walk. Immutable, but that one thread at a time may walk it.</summary>
internal sealed class VocabularyTrie
{
    private readonly int _words;
    // By id: a token's bytes in the pool; none where the token is not text.
    private readonly int[] _offsets;
    private readonly byte[] _pool;
    // The tokens by their bytes, and nodes in the order of a walk: the byte that leads to one, its depth, where the walk goes on without what is below it, and the first token at or after it.
    private readonly int[] _sorted;
    private readonly byte[] _labels;
    private readonly int[] _depths, _ends, _first;
    private readonly int[] _endTokens;
    private readonly GrammarState?[] _way;

    /// <summary>Reads a vocabulary: control, unknown and unused tokens are not text, and neither is one that ends the output.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="vocabulary">The ids that a model has logits for.</param>
    public VocabularyTrie(ITokenizer tokenizer, int vocabulary)
    {
        int known = Math.Min(vocabulary, tokenizer.VocabularySize), length = 0;
        _endTokens = [.. tokenizer.EndTokens];
        _offsets = new int[vocabulary + 1];
        _words = (vocabulary + 63) / 64;
        for (int id = 0; id < vocabulary; id++)
        {
            _offsets[id] = length;
            length += id < known && IsText(tokenizer.Kind(id)) && !IsEnd(id) ? tokenizer.Piece(id).Length : 0;
        }
        _offsets[vocabulary] = length;
        _pool = new byte[length];
        for (int id = 0; id < known; id++)
            if (_offsets[id + 1] > _offsets[id])
                tokenizer.Piece(id).CopyTo(_pool.AsSpan(_offsets[id]));
        _sorted = [.. Enumerable.Range(0, known).Where(id => _offsets[id + 1] > _offsets[id])];
        Array.Sort(_sorted, (a, b) => Piece(a).SequenceCompareTo(Piece(b)) is not 0 and int order ? order : a.CompareTo(b));
        (_labels, _depths, _ends, _first) = Build();
        _way = new GrammarState?[_depths.Append(0).Max() + 1];
    }

    /// <summary>The tokens that end the output.</summary>
    public ReadOnlySpan<int> EndTokens => _endTokens;

    /// <summary>Whether a token ends the output.</summary>
    public bool IsEnd(int id) => Array.IndexOf(_endTokens, id) >= 0;

    /// <summary>A token's bytes; none where it is not text.</summary>
    public ReadOnlySpan<byte> Piece(int id) => _pool.AsSpan(_offsets[id], _offsets[id + 1] - _offsets[id]);

    /// <summary>The tokens that a grammar allows after a text.</summary>
    /// <exception cref="GrammarCostException">The grammar is too ambiguous.</exception>
    public TokenMask Mask(GrammarMachine machine, GrammarState state)
    {
        ulong[] bits = new ulong[_words];
        _way[0] = state;
        for (int node = 0; node < _labels.Length;)
        {
            int depth = _depths[node];
            GrammarState next = machine.After(_way[depth - 1]!, _labels[node]);
            if (next.IsDead)
            {
                node = _ends[node];
                continue;
            }
            _way[depth] = next;
            for (int i = _first[node]; i < _first[node + 1]; i++)
                bits[_sorted[i] >> 6] |= 1UL << _sorted[i];
            node++;
        }
        Array.Clear(_way);
        return new TokenMask(bits);
    }

    private (byte[] Labels, int[] Depths, int[] Ends, int[] First) Build()
    {
        List<byte> labels = [];
        List<int> depths = [], ends = [], first = [];
        Stack<int> open = [];
        ReadOnlySpan<byte> before = [];
        for (int i = 0; i < _sorted.Length; i++)
        {
            ReadOnlySpan<byte> piece = Piece(_sorted[i]);
            int common = piece.CommonPrefixLength(before);
            while (open.Count > common)
                ends[open.Pop()] = labels.Count;
            for (int at = common; at < piece.Length; at++)
            {
                open.Push(labels.Count);
                labels.Add(piece[at]);
                depths.Add(at + 1);
                ends.Add(0);
                first.Add(i);
            }
            before = piece;
        }
        while (open.TryPop(out int node))
            ends[node] = labels.Count;
        first.Add(_sorted.Length);
        return ([.. labels], [.. depths], [.. ends], [.. first]);
    }

    private static bool IsText(TokenKind kind) => kind is TokenKind.Normal or TokenKind.UserDefined or TokenKind.Byte or TokenKind.Undefined;
}
