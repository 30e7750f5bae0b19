using Tessera.Tokenizers.Common.Patterns;

namespace Tessera.Tokenizer.Hf.PreTokenizers;

/// <summary>Splits at a pattern's matches, in one of five ways.</summary>
/// <param name="pattern">The pattern.</param>
/// <param name="behavior">The way.</param>
/// <param name="invert">Whether what lies between matches counts as the match.</param>
internal sealed class PatternStage(TextPattern pattern, SplitBehavior behavior, bool invert) : PieceStage
{
    private readonly Spare<Work> _spare = new(() => new Work(pattern));

    public override void Apply(PieceBuffer pieces)
    {
        Work work = _spare.Rent();
        int start = 0;
        foreach (int end in pieces.Ends)
        {
            Cover(work, pieces, start, end);
            Write(work.Tiles, pieces);
            start = end;
        }
        if (behavior == SplitBehavior.Removed)
            pieces.Commit();
        else
            pieces.CommitEnds();
        _spare.Return(work);
    }

    // Matches and what lies between them, in order. Empty matches count: they cut.
    private void Cover(Work work, PieceBuffer pieces, int start, int end)
    {
        List<Tile> tiles = work.Tiles;
        tiles.Clear();
        int at = start;
        work.Search.Start(pieces.Text, start, end);
        while (work.Search.TryNext(out int from, out int to))
        {
            if (from > at)
                tiles.Add(new Tile(at, from, invert));
            tiles.Add(new Tile(from, to, !invert));
            at = to;
        }
        if (end > at)
            tiles.Add(new Tile(at, end, invert));
    }

    private void Write(List<Tile> tiles, PieceBuffer pieces)
    {
        for (int i = 0; i < tiles.Count; i++)
        {
            Tile tile = tiles[i];
            if (behavior == SplitBehavior.Removed)
            {
                Keep(tile, pieces);
                continue;
            }
            bool joined = i + 1 < tiles.Count && behavior switch
            {
                SplitBehavior.Contiguous => tiles[i + 1].IsMatch == tile.IsMatch,
                SplitBehavior.MergedWithPrevious => tiles[i + 1].IsMatch && !tile.IsMatch,
                SplitBehavior.MergedWithNext => tile.IsMatch && !tiles[i + 1].IsMatch,
                _ => false,
            };
            if (!joined)
                pieces.Cut(tile.End);
        }
    }

    private static void Keep(Tile tile, PieceBuffer pieces)
    {
        if (tile.IsMatch)
        {
            // What comes first now did not stand at the text's beginning.
            if (pieces.NextText.Length == 0 && tile.End > tile.Start)
                pieces.StartsText = false;
            return;
        }
        pieces.NextText.Add(pieces.Text, tile.Start, tile.End);
        pieces.Cut(pieces.NextText.Length);
    }

    private readonly record struct Tile(int Start, int End, bool IsMatch);

    private sealed class Work(TextPattern pattern)
    {
        public PatternSearch Search { get; } = new(pattern);
        public List<Tile> Tiles { get; } = [];
    }
}
