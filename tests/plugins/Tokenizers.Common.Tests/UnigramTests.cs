using System.Text;
using Tessera.Tokenizers.Common.Matching;
using Tessera.Tokenizers.Common.Unigram;

namespace Tessera.Tokenizers.Common.Tests;

public class UnigramTests
{
    private static UnigramModel Model(string[] pieces, double[] scores)
    {
        byte[][] bytes = [.. pieces.Select(Encoding.UTF8.GetBytes)];
        return new UnigramModel(ByteTrie.Build(pieces.Length, id => bytes[id], _ => true), scores, scores.Min());
    }

    private static string Cover(UnigramModel model, Lattice lattice, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Assert.Equal(model.Cover(bytes, lattice), lattice.Pieces.Length);
        List<string> found = [];
        foreach (Lattice.Piece piece in lattice.Pieces)
            found.Add((piece.Token == Lattice.Unknown ? "?" : "") + Encoding.UTF8.GetString(bytes, piece.Start, piece.End - piece.Start));
        return string.Join('|', found);
    }

    [Fact]
    public void The_cover_with_the_greatest_sum_wins()
    {
        UnigramModel model = Model(["a", "b", "c", "ab", "bc", "abc"], [-1, -1, -1, -1.5, -1.2, -3]);
        Lattice lattice = new();
        Assert.Equal("a|bc", Cover(model, lattice, "abc"));
        Assert.Equal("ab|ab", Cover(model, lattice, "abab"));
        Assert.Equal("", Cover(model, lattice, ""));
    }

    [Fact]
    public void A_character_without_a_piece_is_unknown_as_a_whole()
    {
        UnigramModel model = Model(["a", "é中"], [-1, -2]);
        Lattice lattice = new();
        Assert.Equal("a|?😀|?中|a|é中|?é", Cover(model, lattice, "a😀中aé中é"));
    }

    [Fact]
    public void Of_covers_that_score_alike_the_first_found_stays() =>
        Assert.Equal("a|aa", Cover(Model(["a", "aa"], [-1, -1]), new Lattice(), "aaa"));

    [Fact]
    public void The_best_cover_scores_as_the_best_of_all_covers()
    {
        Random random = new(3);
        string[] pieces = [.. Enumerable.Range(0, 40).Select(_ => new string([.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => (char)('a' + random.Next(3)))])).Distinct()];
        double[] scores = [.. pieces.Select(_ => -10 * random.NextDouble())];
        UnigramModel model = Model(pieces, scores);
        Lattice lattice = new();
        for (int i = 0; i < 500; i++)
        {
            string text = new([.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => (char)('a' + random.Next(4)))]);
            model.Cover(Encoding.UTF8.GetBytes(text), lattice);
            double score = 0;
            foreach (Lattice.Piece piece in lattice.Pieces)
                score += piece.Token == Lattice.Unknown ? scores.Min() - UnigramModel.UnknownPenalty : scores[piece.Token];
            Assert.Equal(Best(text, pieces, scores), score, 9);
        }
    }

    private static double Best(string text, string[] pieces, double[] scores)
    {
        if (text.Length == 0)
            return 0;
        double best = double.NegativeInfinity;
        for (int id = 0; id < pieces.Length; id++)
            if (text.StartsWith(pieces[id], StringComparison.Ordinal))
                best = Math.Max(best, scores[id] + Best(text[pieces[id].Length..], pieces, scores));
        return pieces.Contains(text[..1]) ? best : Math.Max(best, scores.Min() - UnigramModel.UnknownPenalty + Best(text[1..], pieces, scores));
    }
}
