using System.Buffers;

namespace Tessera.Engine.ChatTemplates;

/// <summary>Finds where any of many spellings starts: a vectorized search for first characters, then a walk down a trie.</summary>
internal sealed class SpellingSearch
{
    private readonly Node _root = new();
    private readonly SearchValues<char> _firsts;

    /// <summary>Spellings of fewer than two UTF-16 units are left out.</summary>
    public SpellingSearch(IEnumerable<string> spellings)
    {
        foreach (string spelling in spellings)
        {
            if (spelling.Length < 2)
                continue;
            Node node = _root;
            foreach (char c in spelling)
            {
                if (!node.Next.TryGetValue(c, out Node? next))
                    node.Next[c] = next = new Node();
                node = next;
            }

            node.IsEnd = true;
        }

        _firsts = SearchValues.Create([.. _root.Next.Keys]);
    }

    /// <summary>The first position, from here on, where a spelling starts; -1 if there is none.</summary>
    public int Find(string text, int from)
    {
        for (int at = from; at < text.Length; at++)
        {
            int skip = text.AsSpan(at).IndexOfAny(_firsts);
            if (skip < 0)
                return -1;
            at += skip;
            if (StartsAt(text, at))
                return at;
        }

        return -1;
    }

    private bool StartsAt(string text, int at)
    {
        Node node = _root;
        while (at < text.Length && node.Next.TryGetValue(text[at++], out Node? next))
        {
            if (next.IsEnd)
                return true;
            node = next;
        }

        return false;
    }

    private sealed class Node
    {
        public Dictionary<char, Node> Next { get; } = [];

        public bool IsEnd { get; set; }
    }
}
