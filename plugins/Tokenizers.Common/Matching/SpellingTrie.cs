using Tessera.Tokenizers.Common.Merging;

namespace Tessera.Tokenizers.Common.Matching;

/// <summary>A set of spellings that a text is walked along, unit by unit. Node 0 is the root.</summary>
public sealed class SpellingTrie(int capacity)
{
    private readonly PairTable _edges = new(capacity);
    private readonly List<int> _tokens = [-1];

    /// <summary>Adds a spelling; of two that are alike the first stays.</summary>
    public void Add(ReadOnlySpan<char> spelling, int token)
    {
        int node = 0;
        foreach (char unit in spelling)
        {
            int next = (int)_edges.Find(node, unit);
            if (next < 0)
            {
                next = _tokens.Count;
                _tokens.Add(-1);
                _edges.TryAdd(node, unit, next);
            }
            node = next;
        }
        if (_tokens[node] < 0)
            _tokens[node] = token;
    }

    /// <summary>The node after one, or −1.</summary>
    public int Step(int node, char unit)
    {
        StepCounter.Add();
        return (int)_edges.Find(node, unit);
    }

    /// <summary>The token that ends at a node, or −1.</summary>
    public int Token(int node) => _tokens[node];
}
