using Tessera.Tokenizers.Common.Matching;

namespace Tessera.Tokenizers.Common.Unigram;

/// <summary>A unigram language model over pieces: the cover of a text with the greatest sum of scores. Immutable.</summary>
/// <remarks><see href="https://arxiv.org/abs/1804.10959">Kudo 2018</see>, the Viterbi search forwards; of two covers that score alike the one found first stays.
/// A character that no piece of its own covers costs the lowest score less <see cref="UnknownPenalty"/>.</remarks>
/// <param name="trie">The pieces.</param>
/// <param name="scores">The score of each.</param>
/// <param name="lowest">The lowest score of an ordinary piece.</param>
public sealed class UnigramModel(ByteTrie trie, double[] scores, double lowest)
{
    /// <summary>How much worse than the worst piece an unknown character is.</summary>
    public const double UnknownPenalty = 10;

    private readonly double _unknown = lowest - UnknownPenalty;

    /// <summary>Finds the best cover.</summary>
    /// <param name="text">UTF-8; well-formed or not, each lead byte with its trail bytes counts as one character.</param>
    /// <param name="lattice">The working set.</param>
    /// <returns>The number of pieces, which <see cref="Lattice.Pieces"/> then holds.</returns>
    public int Cover(ReadOnlySpan<byte> text, Lattice lattice)
    {
        Span<Lattice.Node> nodes = lattice.Start(text.Length);
        ReadOnlySpan<double> score = scores;
        for (int at = 0; at < text.Length;)
        {
            int next = Math.Min(text.Length, at + CharacterLength(text[at]));
            double before = nodes[at].Score;
            bool single = false;
            int node = 0;
            for (int i = at; i < text.Length; i++)
            {
                node = trie.Step(node, text[i]);
                if (node < 0)
                    break;
                int token = trie.Token(node);
                if (token < 0)
                    continue;
                Offer(ref nodes[i + 1], before + score[token], at, token);
                single |= i + 1 == next;
            }
            if (!single)
                Offer(ref nodes[next], before + _unknown, at, Lattice.Unknown);
            at = next;
        }
        return lattice.Trace(text.Length);
    }

    private static void Offer(ref Lattice.Node node, double score, int from, int token)
    {
        if (node.From < 0 || score > node.Score)
            node = new Lattice.Node(score, from, token);
    }

    private static int CharacterLength(byte lead) => lead switch { < 0xC0 => 1, < 0xE0 => 2, < 0xF0 => 3, _ => 4 };
}
